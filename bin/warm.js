// Keeps V8's code of what common starts run, for launch.js: made by the build, as `node warm.js`.
const {rmSync, writeFileSync} = require('node:fs');
const {cache, load} = require('./launch.js');

rmSync(cache, {force: true});
const {script, exports: suite} = load();
const programs = [
	['p2p-list', ['--version']],
	['p2p-list', ['--sysroot', '/nonexistent']],
];

async function warm() {
	process.stdout.write = () => true;
	process.stderr.write = () => true;
	for (const [program, words] of programs) await suite.main(program, words);
	writeFileSync(cache, script.createCachedData());
	process.exit(0);
}

void warm();
