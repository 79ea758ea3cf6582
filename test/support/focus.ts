/** Where the focus of a page is, seen from something that is wanted. */
export interface Place {
  readonly side: 'HERE' | 'BEFORE' | 'AFTER' | 'GONE';
  /** It is marked, within the window, and nothing is over it. */
  readonly isSeen: boolean;
  /** How what is to be seen there begins, as HTML. */
  readonly above: string;
  /** How what has the focus begins, as HTML. */
  readonly html: string;
}

/** As much of a page's elements as is needed here, where there is no page. */
interface PageElement {
  readonly isConnected: boolean;
  readonly outerHTML: string;
  readonly nextElementSibling: PageElement | null;
  readonly labels?: Iterable<PageElement> | null;
  readonly compareDocumentPosition: (other: PageElement) => number;
  readonly contains: (other: PageElement) => boolean;
  readonly closest: (selectors: string) => PageElement | null;
  readonly getBoundingClientRect: () => Record<'left' | 'top' | 'right' | 'bottom', number>;
}

interface Window {
  readonly document: {
    readonly body: PageElement;
    readonly activeElement: PageElement | null;
    readonly elementFromPoint: (x: number, y: number) => PageElement | null;
  };
  readonly getComputedStyle: (of: PageElement) => Record<'outlineStyle' | 'outlineWidth' | 'opacity', string>;
  readonly innerWidth: number;
  readonly innerHeight: number;
}

/** Looks for the focus. Runs in the page, so it knows nothing from out here. */
export function placeOfFocus(wanted: unknown): Place {
  const { document, getComputedStyle, innerWidth, innerHeight } = globalThis as unknown as Window;
  const [PRECEDING, element] = [2, wanted as PageElement];
  const at = document.activeElement ?? document.body;
  const isBefore = (at.compareDocumentPosition(element) & PRECEDING) !== 0 && !element.contains(at);
  const side = !element.isConnected ? 'GONE' : at === element ? 'HERE' : isBefore ? 'BEFORE' : 'AFTER';

  // Some controls are drawn by their labels, or by what comes after them.
  const drawn = [at, at.closest('label'), ...(at.labels ?? []), at.nextElementSibling].filter(
    (each) => each !== null,
  );
  const marked = drawn.find((each) => {
    const { outlineStyle, outlineWidth, opacity } = getComputedStyle(each);
    return outlineStyle !== 'none' && Number.parseFloat(outlineWidth) >= 1 && opacity !== '0';
  });

  const { left, top, right, bottom } = (marked ?? at).getBoundingClientRect();
  const x = (Math.max(left, 0) + Math.min(right, innerWidth)) / 2;
  const y = (Math.max(top, 0) + Math.min(bottom, innerHeight)) / 2;
  const above = document.elementFromPoint(x, y);
  const isUncovered =
    right - left > 4 && above !== null && drawn.some((each) => each.contains(above) || above.contains(each));
  return {
    side,
    isSeen: marked !== undefined && isUncovered,
    above: above?.outerHTML.slice(0, 200) ?? 'nothing',
    html: at.outerHTML.slice(0, 200),
  };
}

/** Runs in the page. */
export function hasFocus(element: unknown): boolean {
  return (globalThis as unknown as Window).document.activeElement === element;
}

interface Radio {
  readonly name: string;
  readonly checked: boolean;
  readonly ownerDocument: { readonly querySelectorAll: (selectors: string) => Iterable<Radio> };
}

/** Where the focus comes to when it comes to the group of a radio button. Runs in the page. */
export function stopOfGroup(radio: unknown): unknown {
  const { name, ownerDocument } = radio as Radio;
  const group = [...ownerDocument.querySelectorAll('input[type=radio]')].filter((each) => each.name === name);
  return group.find((each) => each.checked) ?? group[0] ?? radio;
}
