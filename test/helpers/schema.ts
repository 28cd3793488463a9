// SPDX-License-Identifier: MIT
// Answers held against docs/json, more strictly than a reader is to hold them: no field that is not
// written down.

import {readdirSync, readFileSync} from 'node:fs';
import {Ajv2020} from 'ajv/dist/2020.js';
import type {ExecutionContext} from 'ava';

type Schema = {[key: string]: unknown};

const folder = 'docs/json';
const schemas = new Map(
	readdirSync(folder)
		.filter((name) => name.endsWith('.json'))
		.map((name) => {
			const schema: Schema = JSON.parse(readFileSync(`${folder}/${name}`, 'utf8'));
			return [String(schema.$id), schema];
		}),
);
const ajv = new Ajv2020({allErrors: true, strictRequired: false, strictTypes: false});
for (const [id, schema] of schemas) ajv.addSchema(strict(schema, id) as Schema);

export const described = [...schemas.keys()].map((id) => id.replace('.json', ''));

/** program: 'p2p-check'. What is not as described; '' where all is. */
export function faultsOf(program: string, answer: unknown): string {
	const validate = ajv.getSchema(`${program}.json`);
	if (validate === undefined) return `docs/json has no ${program}.json`;
	return validate(answer) ? '' : ajv.errorsText(validate.errors, {separator: '\n'});
}

export function isAsDescribed(t: ExecutionContext, program: string, text: string): void {
	t.is(faultsOf(program, JSON.parse(text)), '');
}

/** Nothing but what is described may stand in an object; what several parts describe counts together. */
function strict(value: unknown, id: string, isPart = false): unknown {
	if (Array.isArray(value)) return value.map((one) => strict(one, id));
	if (typeof value !== 'object' || value === null) return value;
	const schema = value as Schema;
	if (isPart && typeof schema.$ref === 'string')
		return strict(resolve(schema.$ref, id), 'common.json', true);
	const inside = Object.fromEntries(
		Object.entries(schema).map(([key, one]) => [
			key,
			key === 'allOf' ? (one as unknown[]).map((it) => strict(it, id, true)) : strict(one, id),
		]),
	);
	const isObject = schema.type === 'object' || schema.allOf !== undefined;
	const isOpen = schema.additionalProperties !== undefined || schema.not !== undefined;
	return isObject && !isOpen && !isPart
		? {...inside, unevaluatedProperties: false}
		: absolute(inside, id);
}

/** A part that stands in another file still means its own. */
function absolute(schema: Schema, id: string): Schema {
	const isLocal = typeof schema.$ref === 'string' && schema.$ref.startsWith('#');
	return isLocal ? {...schema, $ref: `${id}${schema.$ref}`} : schema;
}

function resolve(ref: string, id: string): Schema {
	const [file = '', place = ''] = ref.split('#');
	const definitions = schemas.get(file === '' ? id : file)?.$defs as Schema;
	return definitions[place.replace('/$defs/', '')] as Schema;
}
