// Runs a program of the suite: the bundle in build/, or says how to make it. What the build keeps
// beside it (warm.js) spares most of a start: the texts of --help and --version, and V8's code of
// what common starts run. Without them, or with another V8, all is the same but slower.
const {existsSync, readFileSync, writeSync} = require('node:fs');
const {createRequire} = require('node:module');
const {dirname, join} = require('node:path');

const build = join(__dirname, '../build');
const bundle = join(build, 'p2p.cjs');
const cache = join(build, `p2p-${process.versions.v8}-${process.arch}.cache`);
const options = {'-h': '--help', '--help': '--help', '-V': '--version', '--version': '--version'};

module.exports = (program) => {
	const words = process.argv.slice(2);
	if (words.length === 1 && Object.hasOwn(options, words[0]))
		if (writeKept(keptFile(program, options[words[0]]))) return;
	if (!existsSync(bundle)) {
		process.stderr.write(`${program}: not built yet\n  Try: npm run setup\n`);
		process.exitCode = 2;
		return;
	}
	load().exports.main(program, words);
};

module.exports.load = load;
module.exports.cache = cache;
module.exports.keptFile = keptFile;

function keptFile(program, option) {
	return join(build, 'kept', `${program}${option}.txt`);
}

// Where it cannot be written the bundle says so.
function writeKept(file) {
	try {
		const text = readFileSync(file);
		for (let at = 0; at < text.length; ) at += writeSync(1, text, at);
		return true;
	} catch {
		return false;
	}
}

function load() {
	const {Script} = require('node:vm');
	const cachedData = existsSync(cache) ? readFileSync(cache) : undefined;
	const script = new Script(readFileSync(bundle, 'latin1'), {filename: bundle, cachedData});
	const loaded = {exports: {}};
	const run = script.runInThisContext();
	run.call(loaded.exports, loaded.exports, createRequire(bundle), loaded, bundle, dirname(bundle));
	return {script, exports: loaded.exports};
}
