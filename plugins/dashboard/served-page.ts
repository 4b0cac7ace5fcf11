/** The page as it is served: one document, and headers that allow it nothing but what is in it. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { type Disk, type EndpointText, endpointText } from '../../kernel/plugin-api.ts';

/** The build puts it beside this module, or beside the bundle that holds this module; a broker of one file carries it. */
const PAGE = new URL('./dashboard.html', import.meta.url);
const CARRIED = 'data:text/html;base64,';
const HTML = 'text/html; charset=utf-8';

export async function readPage(disk: Disk, page = PAGE): Promise<EndpointText> {
  const { href } = page;
  const bytes = href.startsWith(CARRIED)
    ? Buffer.from(href.slice(CARRIED.length), 'base64')
    : Buffer.from(await disk.readFile(fileURLToPath(page)));
  const html = bytes.toString();
  return endpointText(HTML, html, { headers: headersFor(html) });
}

/** Where somebody lands who writes a slash behind the path: relative, since only the monitor knows its base path. */
export const WITHOUT_SLASH = endpointText(HTML, '<a href="../dashboard">Moved Permanently</a>.\n', {
  status: 301,
  headers: { Location: '../dashboard' },
});

export function headersFor(html: string): Readonly<Record<string, string>> {
  const policy = [
    "default-src 'none'",
    `script-src ${hashesOf(html, 'script')}`,
    `style-src ${hashesOf(html, 'style')}`,
    "connect-src 'self'",
    // The icon of the page.
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    // Text cannot become markup, whoever wrote it.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ];
  return {
    'Content-Security-Policy': policy.join('; '),
    'Cache-Control': 'no-cache',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'X-Frame-Options': 'DENY',
  };
}

function hashesOf(html: string, element: 'script' | 'style'): string {
  const found = html.matchAll(new RegExp(`<${element}[^>]*>([\\s\\S]*?)</${element}>`, 'g'));
  return Array.from(found, ([, text]) => `'sha256-${createHash('sha256').update(text!).digest('base64')}'`).join(' ');
}
