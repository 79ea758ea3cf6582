import { useEffect } from 'react';

/** So many places are remembered: more than a dialog has. */
const MOST_PLACES = 40;

/**
 * Keeps the focus to be seen, and near where it was when what has it goes away: acts take away the very buttons that began
 * them. It goes to the last place that is left, or to the part of the page which that was in.
 */
export function useKeepFocus(): void {
  useEffect(() => {
    const keeper = new FocusKeeper();
    return () => keeper.stop();
  }, []);
}

class FocusKeeper {
  /** From the latest on, each with the parts of the page around it. */
  #places: (readonly HTMLElement[])[] = [];
  #frame = 0;
  readonly #observer = new MutationObserver(() => this.#look());

  constructor() {
    document.addEventListener('focusin', this.#remember);
    this.#observer.observe(document.body, { childList: true, subtree: true });
  }

  stop(): void {
    document.removeEventListener('focusin', this.#remember);
    this.#observer.disconnect();
    cancelAnimationFrame(this.#frame);
  }

  readonly #remember = ({ target }: FocusEvent) => {
    if (target instanceof HTMLElement && isUnderNotification(target))
      target.scrollIntoView({ block: 'center' });
    const place = [...outwards(target)];
    const others = this.#places.filter(([first]) => first !== place[0]);
    this.#places = [place, ...others].slice(0, MOST_PLACES);
  };

  #look(): void {
    const [latest] = this.#places[0] ?? [];
    if (!latest || latest.isConnected || this.#frame !== 0) return;
    // Whoever took it away may know better where to go on.
    this.#frame = requestAnimationFrame(() => {
      this.#frame = requestAnimationFrame(() => {
        this.#frame = 0;
        if (document.activeElement === document.body) this.#goBack();
      });
    });
  }

  #goBack(): void {
    const left = this.#places.map((place) =>
      place.find((each) => each.isConnected && !each.matches(':disabled')),
    );
    const place = left.find((each) => each?.matches('main') === false) ?? document.querySelector('main');
    if (!place) return;
    if (place.tabIndex < 0) place.tabIndex = -1;
    place.focus({ preventScroll: true });
  }
}

function isUnderNotification(element: HTMLElement): boolean {
  const { left, top, width, height } = element.getBoundingClientRect();
  const above = document.elementFromPoint(left + width / 2, top + height / 2);
  const notifications = above?.closest('.mantine-Notifications-root');
  return notifications?.contains(element) === false;
}

/** The element, then the parts of the page that it is in. */
function* outwards(from: EventTarget | null): Generator<HTMLElement> {
  if (!(from instanceof HTMLElement)) return;
  yield from;
  for (let part = from.parentElement; part; part = part.parentElement) {
    if (part.matches('section, main')) yield part;
  }
}
