// Runs a program of the suite: the bundle in build/, or says how to make it.
const {existsSync} = require('node:fs');
const {join} = require('node:path');

module.exports = (program) => {
	const bundle = join(__dirname, '../build/p2p.cjs');
	if (!existsSync(bundle)) {
		process.stderr.write(`${program}: not built yet\n  Try: npm run setup\n`);
		process.exitCode = 2;
		return;
	}
	require(bundle).main(program, process.argv.slice(2));
};
