/** The page at the root: what there is to see. */
import type { MonitorEndpoint } from '../contract.ts';

type Link = Pick<MonitorEndpoint, 'path' | 'title'>;

const STYLE =
  'body{font-family:system-ui,sans-serif;margin:2rem;color:#223}a{display:block;padding:.3rem 0;color:#225;' +
  'text-decoration:none}a:hover{text-decoration:underline}small{color:#889;margin-left:.5rem}';

export function indexPage(base: string, version: string, endpoints: Iterable<Link>): string {
  const links = [...endpoints].flatMap(({ path, title }) => (title === undefined ? [] : [link(base, path, title)]));
  return `<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>gnatlet</title><style>${STYLE}</style></head>
<body>
<h1>gnatlet</h1>
<p>NATS v${escapeHtml(version)}</p>
${links.join('\n')}
</body>
</html>
`;
}

function link(base: string, path: string, title: string): string {
  const shown = escapeHtml(path);
  return `<a href=".${escapeHtml(base)}${shown}">${escapeHtml(title)}<small>${shown}</small></a>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
