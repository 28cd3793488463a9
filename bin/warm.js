// Keeps for launch.js what most starts would make anew: made by the build, as `node bin/warm.js`.
const fs = require('node:fs');
const {dirname} = require('node:path');
const {cache, keptFile, load} = require('./launch.js');

const {mkdirSync, readdirSync, rmSync, writeFileSync, writeSync} = fs;

rmSync(cache, {force: true});
const {script, exports: suite} = load();

async function outputOf(program, words) {
	let text = '';
	fs.writeSync = (descriptor, some) => {
		if (descriptor === 1) text += some;
		return some.length;
	};
	await suite.main(program, words);
	fs.writeSync = writeSync;
	return text;
}

async function textOf(program, option) {
	const text = await outputOf(program, [option]);
	if (text === '') throw new Error(`${program} ${option} says nothing`);
	return text;
}

async function warm() {
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
