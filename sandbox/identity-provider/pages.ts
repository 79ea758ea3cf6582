import type { SandboxUser } from './users.ts';

/** What people see of the sandbox's identity provider. */

/** @param action where the pick is posted to */
export function pickPage(users: readonly SandboxUser[], action: string): string {
  const buttons = users.map(
    ({ id, name, email, words }) =>
      `<button name="user" value="${escape(id)}"><b>${escape(name)}</b> ${escape(email)}<br>${escape(words)}</button>`,
  );
  return page(
    'Who are you?',
    `<p>This is the sandbox’s identity provider. There are no passwords: pick somebody.</p>
<form method="post" action="${escape(action)}">
${buttons.join('\n')}
<button name="user" value="">Nobody: go back</button>
</form>`,
  );
}

/** @param form hidden, with what the provider needs */
export function signOutPage(form: string): string {
  return page(
    'Sign out',
    `${form}
<button type="submit" form="op.logoutForm" name="logout" value="yes">Sign out of the identity provider too</button>
<script>document.querySelector('button').click()</script>`,
  );
}

export function signedOutPage(): string {
  return page('You are signed out', '');
}

export function errorPage(error: string, description: string): string {
  return page('This did not work', `<p>${escape(error)}: ${escape(description)}</p>`);
}

function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
main { max-width: 30rem; margin: 10vh auto; padding: 0 1rem; }
button { display: block; width: 100%; margin: 0.75rem 0; padding: 0.75rem 1rem; font: inherit; text-align: left; cursor: pointer; }
</style>
</head>
<body><main>
<h1>${title}</h1>
${body}
</main></body>
</html>
`;
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
