import { createHash } from 'node:crypto';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { LANGUAGES, LINKS, PAGES, type Language, type PageName } from './texts.ts';

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; }
main { max-width: 30rem; padding: 2rem; }
h1 { font-size: 1.5rem; line-height: 1.25; }
a { display: inline-block; margin: 0.5rem 1.5rem 0.5rem 0; padding: 0.25rem 0; }
`;

/** Nothing is loaded, run or framed: these pages are text. */
const POLICY = [
  `default-src 'none'`,
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  `base-uri 'none'`,
  `form-action 'none'`,
  `frame-ancestors 'none'`,
].join('; ');

interface PageFacts {
  readonly status: number;
  /** In the order in which they are offered. */
  readonly links: readonly (keyof (typeof LINKS)['en'])[];
}

const OTHERWISE: PageFacts = { status: 403, links: ['somebodyElse'] };
const FACTS: Readonly<Partial<Record<PageName, PageFacts>>> = {
  SIGNED_OUT: { status: 200, links: ['signIn'] },
  STALE: { status: 400, links: ['again'] },
  DENIED: { status: 403, links: ['again', 'somebodyElse'] },
  INVALID: { status: 502, links: ['again'] },
  UNREACHABLE: { status: 503, links: ['again'] },
  UNAVAILABLE: { status: 503, links: ['again'] },
  NOT_CONFIGURED: { status: 404, links: [] },
};

const ADDRESSES = { signIn: '/sign-in', again: '/sign-in', somebodyElse: '/sign-in?again=1' } as const;

/** Sends one of the pages around the sign-in, in the language that the browser prefers. */
export function sendPage(request: FastifyRequest, reply: FastifyReply, name: PageName): FastifyReply {
  const language = languageOf(request.headers['accept-language']);
  const { title, text } = PAGES[language][name];
  const { status, links } = FACTS[name] ?? OTHERWISE;
  const offered = links.map((link) => `<a href="${ADDRESSES[link]}">${LINKS[language][link]}</a>`);
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .header('content-security-policy', POLICY)
    .header('referrer-policy', 'no-referrer')
    .send(
      `<!doctype html>
<html lang="${language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>${title}</h1>
<p>${text}</p>
${offered.join('\n')}
</main>
</body>
</html>
`,
    );
}

/** The first of the browser's languages that there are texts in. */
function languageOf(accepted = ''): Language {
  const wished = accepted.split(',').map((each) => each.trim().slice(0, 2).toLowerCase());
  return wished.flatMap((each) => LANGUAGES.filter((language) => language === each))[0] ?? 'en';
}
