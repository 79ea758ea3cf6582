/** How the page about the API looks, in light and in dark. */
export const API_PAGE_STYLE = `
:root { color-scheme: light dark; --line: #8884; --accent: light-dark(#0b5394, #8ab8ff); }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 76rem; padding: 1.5rem; font: 1rem/1.55 system-ui, sans-serif; display: grid;
  grid-template-columns: 17rem minmax(0, 1fr); gap: 0 2.5rem; }
header { grid-column: 1 / -1; border-bottom: 1px solid var(--line); margin-bottom: 1.5rem; }
nav { position: sticky; top: 1rem; align-self: start; max-height: 95vh; overflow: auto; font-size: .9rem; }
nav ul { list-style: none; margin: 0 0 .7rem; padding: 0; }
nav ul ul { padding-left: .8rem; border-left: 1px solid var(--line); }
a { color: var(--accent); }
h1, h2 { line-height: 1.2; }
h3 { margin: 0 0 .4rem; }
h4 { margin: 1rem 0 .2rem; }
article { border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.2rem; margin: 0 0 1.2rem; }
article:target { border-color: var(--accent); }
code { font: .92em ui-monospace, monospace; overflow-wrap: anywhere; }
.request { padding: .5rem .7rem; background: #8881; border-radius: .3rem; margin: .3rem 0; }
article ul { margin: .2rem 0; padding-left: 1.3rem; }
dl { display: grid; grid-template-columns: 3rem minmax(0, 1fr); gap: .2rem .8rem; margin: 0; }
dt { font-weight: 600; }
dd { margin: 0; }
dd p { margin: 0; }
@media (max-width: 52rem) { body { display: block; } nav { position: static; max-height: none; } }
`;
