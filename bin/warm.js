// Keeps for launch.js what most starts would make anew: made by the build, as `node bin/warm.js`.
const {mkdirSync, readdirSync, rmSync, writeFileSync} = require('node:fs');
const {dirname} = require('node:path');
const {cache, keptFile, load} = require('./launch.js');

rmSync(cache, {force: true});
const {script, exports: suite} = load();

async function outputOf(program, words) {
	let text = '';
	process.stdout.write = (some) => {
		text += some;
		return true;
	};
	await suite.main(program, words);
	return text;
}

async function textOf(program, option) {
	const text = await outputOf(program, [option]);
	if (text === '') throw new Error(`${program} ${option} says nothing`);
	return text;
}

async function warm() {
	process.stderr.write = () => true;
	await outputOf('p2p-list', ['--sysroot', '/nonexistent']);
	await outputOf('p2p-list', ['--version']);
	writeFileSync(cache, script.createCachedData());

	mkdirSync(dirname(keptFile('', '')), {recursive: true});
	for (const program of readdirSync(__dirname).filter((name) => /^p2p(-\w+)?$/.test(name)))
		for (const option of ['--help', '--version'])
			writeFileSync(keptFile(program, option), await textOf(program, option));
	process.exit(0);
}

void warm();
