// SPDX-License-Identifier: MIT
// One file holds all programs: a start then costs one read instead of two hundred, which counts
// most where files come over 9p in the lab. Commands stay lazy inside it.
import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {build} from 'esbuild';

// oclif's modules require each other at top level; with lazy bindings only what runs is loaded.
const lazyOclif = {
	name: 'lazy-oclif',
	setup(plugin) {
		plugin.onLoad({filter: /@oclif[\\/]core[\\/]lib[\\/].*\.js$/}, ({path}) => ({
			contents: makeLazy(withoutListener(readFileSync(path, 'utf8'))),
			loader: 'js',
		}));
	},
};

// oclif listens to process.stdout, and so loads node's streams at each start; we write to descriptors.
function withoutListener(source) {
	return source.replace(/^process\.stdout\.on\('error',.*?^}\);$/ms, '');
}

function makeLazy(source) {
	const binding =
		/^(?:const|var) (\w+) = ((?:__importDefault|__importStar)\(require\("[^"]+"\)\)|require\("[^"]+"\));$/gm;
	let code = source;
	for (const [line, name, expression] of source.matchAll(binding)) {
		code = code
			.replace(line, `//@@${name}`)
			.replace(new RegExp(`\\bnew ${name}((?:\\.\\w+)+)`, 'g'), `new (${name}$1)`)
			.replace(new RegExp(`(?<![\\w$.@])${name}(?![\\w$])`, 'g'), `${name}()`)
			.replace(
				`//@@${name}`,
				`let ${name}$v; const ${name} = () => (${name}$v ??= ${expression});`,
			);
	}
	return code;
}

/** Modules that the bundle has in another form. */
const replaced = {
	// cli-table3 asks for it; its table of emoji takes 4 ms to compile, and no column of ours has any.
	'string-width':
		"module.exports = (text) => require('node:util').stripVTControlCharacters(text).length;",
	// oclif's plug-ins, templates and spinners, a fifth of the bundle: nobody here calls them.
	...Object.fromEntries(
		['cli-spinners', 'ejs', 'lilconfig', 'minimatch', 'tinyglobby', 'wsl-utils'].map((name) => [
			name,
			'module.exports = {};',
		]),
	),
};

const replace = {
	name: 'replace',
	setup(plugin) {
		const filter = new RegExp(`^(${Object.keys(replaced).join('|')})$`);
		plugin.onResolve({filter}, ({path}) => ({path, namespace: 'replaced'}));
		plugin.onLoad({filter: /./, namespace: 'replaced'}, ({path}) => ({contents: replaced[path]}));
	},
};

const bundle = 'build/p2p.cjs';
/** In the native core. */
const linked = ['node_modules/node-addon-api'];

// What bin/warm.js kept is of the bundle before: V8 tells sources apart by their lengths only.
for (const name of readdirSync('build'))
	if (name === 'kept' || /^p2p-.*\.cache$/.test(name)) rmSync(`build/${name}`, {recursive: true});

const {metafile} = await build({
	metafile: true,
	entryPoints: ['build/ts/lib/main.js'],
	outfile: bundle,
	bundle: true,
	platform: 'node',
	target: 'node20',
	format: 'cjs',
	charset: 'ascii',
	// As a CommonJS module is wrapped; the launcher need not copy it for that.
	banner: {js: '(function (exports, require, module, __filename, __dirname) {'},
	footer: {js: '})'},
	// Less to read at each start; names stay, for whoever reads a stack trace.
	minifyWhitespace: true,
	minifySyntax: true,
	define: {'import.meta.dirname': '__dirname', 'import.meta.url': '__filename'},
	// The launcher runs the bundle as a script of its own, to which no import() belongs.
	supported: {'dynamic-import': false},
	plugins: [lazyOclif, replace],
	logLevel: 'warning',
});

// The library: without oclif, and a module that is imported as any other.
await build({
	entryPoints: ['build/ts/lib/p2putils.js'],
	outfile: 'build/p2putils.js',
	bundle: true,
	platform: 'node',
	target: 'node20',
	format: 'esm',
	minifySyntax: true,
	// What reads packed machines is CommonJS and asks for node's own modules.
	banner: {
		js: "import {createRequire as p2pRequire} from 'node:module'; const require = p2pRequire(import.meta.url);",
	},
	logLevel: 'warning',
});

// charset leaves regular expressions as they are, and the launcher reads the bundle as latin1.
const code = readFileSync(bundle, 'utf8');
const escapeOf = (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
writeFileSync(bundle, code.replaceAll(/[\u0080-\uffff]/g, escapeOf));

// Whoever passes the bundle on passes on the terms of what is in it.
const used = Object.entries(metafile.outputs[bundle].inputs)
	.filter(([, {bytesInOutput}]) => bytesInOutput > 0)
	.map(([path]) => /^(?:.*node_modules\/)(?:@[^/]+\/)?[^/]+/.exec(path)?.[0]);
const modules = [...new Set(used)].filter((folder) => folder !== undefined);
writeFileSync('build/licences.txt', [...modules, ...linked].sort().map(termsOf).join('\n'));

function termsOf(folder) {
	const {name, version, license} = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
	const file = readdirSync(folder).find((name) => /^licen[sc]e/i.test(name));
	const text =
		file === undefined
			? ''
			: `\n${readFileSync(join(folder, file), 'utf8').replaceAll('\r', '').trim()}\n`;
	return `${name} ${version}: ${license}\n${text}`;
}
