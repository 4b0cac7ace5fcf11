/** A schema as a table in Markdown: what documentation shows of a block. */
import type { Field, Fields, Schema } from './schema.ts';

const HEAD = ['| key | type | default | reload | meaning |', '| --- | --- | --- | --- | --- |'];

export function optionTable<F extends Fields>(schema: Schema<F>): string {
  return [...HEAD, ...Object.values(schema.fields).map(row)].join('\n');
}

function row(field: Field): string {
  const keys = [`\`${field.key}\``, ...field.aliases.map((alias) => `(\`${alias}\`)`)].join(' ');
  const type = field.type.replaceAll('|', '\\|');
  const preset = field.isSpread ? '' : shownDefault(field);
  return `| ${[keys, type, preset, field.live, field.doc].join(' | ')} |`;
}

/** Empty values say nothing: they stand for absence. */
function shownDefault(field: Field): string {
  const printed = field.default === null ? '' : field.print(field.default);
  return ['', '[]', 'map[]'].includes(printed) ? '' : `\`${printed}\``;
}
