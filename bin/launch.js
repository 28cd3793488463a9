// Runs a program of the suite: the bundle in build/, or says how to make it. V8's code for what
// most starts need is kept beside it by the build (warm.js); without that, or with another V8, the
// bundle is compiled, which takes 20 ms more.
const {existsSync, readFileSync} = require('node:fs');
const {createRequire, wrap} = require('node:module');
const {dirname, join} = require('node:path');
const {Script} = require('node:vm');

const bundle = join(__dirname, '../build/p2p.cjs');
const cache = join(__dirname, `../build/p2p-${process.versions.v8}-${process.arch}.cache`);

module.exports = (program) => {
	if (!existsSync(bundle)) {
		process.stderr.write(`${program}: not built yet\n  Try: npm run setup\n`);
		process.exitCode = 2;
		return;
	}
	load().exports.main(program, process.argv.slice(2));
};

module.exports.load = load;
module.exports.cache = cache;

function load() {
	const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
	const script = new Script(wrap(readFileSync(bundle, 'latin1')), {filename: bundle, cachedData});
	const loaded = {exports: {}};
	const run = script.runInThisContext();
	run.call(loaded.exports, loaded.exports, createRequire(bundle), loaded, bundle, dirname(bundle));
	return {script, exports: loaded.exports};
}
