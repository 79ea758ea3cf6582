import type { ElementHandle, Locator, Page } from 'playwright-core';
import { placeOfFocus, stopOfGroup, type Place } from './focus.ts';

/** More stops than any page has between two places. */
const MOST_STOPS = 150;
const MOST_WALKS = 5;
const NEXT_FRAMES =
  'new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))';
interface Selected {
  readonly selectedOptions: readonly { readonly label: string }[];
}
type Field = 'textbox' | 'combobox' | 'checkbox' | 'switch' | 'radio' | 'searchbox';

/**
 * Somebody who has no mouse. Each stop on the way is looked at: whoever cannot see where the focus is, is lost.
 * Nothing in here clicks.
 */
export class Keyboard {
  readonly #page: Page;

  /** On a page that was just loaded the focus is nowhere yet. */
  #hasBegun = false;

  constructor(page: Page) {
    this.#page = page;
    page.on('domcontentloaded', () => (this.#hasBegun = false));
  }

  /** Follows a link of that name. */
  follow(name: string | RegExp, within: Page | Locator = this.#page): Promise<void> {
    return this.enter(within.getByRole('link', { name, exact: typeof name === 'string' }));
  }

  /** Presses a button of that name with the space bar, once it is not busy with what it was pressed for before. */
  async press(name: string | RegExp, within: Page | Locator = this.#page): Promise<void> {
    await this.to(within.getByRole('button', { name, exact: typeof name === 'string', disabled: false }));
    await this.#page.keyboard.press('Space');
  }

  async enter(wanted: Locator): Promise<void> {
    await this.to(wanted);
    await this.#page.keyboard.press('Enter');
  }

  /** Writes into a field in place of what was in there. */
  async write(name: string | RegExp, text: string, within: Page | Locator = this.#page): Promise<void> {
    await this.to(within.getByRole('textbox', { name, disabled: false }));
    await this.#page.keyboard.press('ControlOrMeta+A');
    await this.#page.keyboard.press('Delete');
    await this.#page.keyboard.type(text);
  }

  /** Ticks or unticks. */
  async toggle(role: 'checkbox' | 'switch', name: string): Promise<void> {
    await this.to(this.#page.getByRole(role, { name, exact: true, disabled: false }));
    await this.#page.keyboard.press('Space');
  }

  /** Picks from a list with its first letters. */
  async pick(name: string, option: string, within: Page | Locator = this.#page): Promise<void> {
    const list = within.getByRole('combobox', { name, exact: true, disabled: false });
    await this.to(list);
    await this.#page.keyboard.type(option);
    const picked = await list.evaluate((each: Selected) => each.selectedOptions[0]?.label);
    if (picked !== option) throw new Error(`${name}: expected ${option} to be picked, got ${picked}`);
  }

  /** One of a few, with the arrows, as a group of radio buttons has a single stop. */
  async choose(name: string | RegExp, within: Page | Locator = this.#page): Promise<void> {
    const wanted = await handleOf(within.getByRole('radio', { name, disabled: false }));
    const stop = (await this.#page.evaluateHandle(stopOfGroup, wanted)) as ElementHandle;
    if (!(await this.#walk(stop, String(name)))) throw new Error(`${String(name)} went away`);
    // Of a group of which none is chosen the first gets the focus, and is not chosen by that.
    if (!(await stop.isChecked())) await this.#page.keyboard.press('Space');
    for (let presses = 0; presses < 10; presses++) {
      const place = await this.#look(wanted);
      if (place.side === 'HERE') return;
      await this.#page.keyboard.press(place.side === 'BEFORE' ? 'ArrowUp' : 'ArrowDown');
    }
    throw new Error(`${String(name)} cannot be chosen with the arrows`);
  }

  /** Another of some tabs, with the arrows. */
  async turnTo(tab: string): Promise<void> {
    const tabs = this.#page.getByRole('tab');
    await this.to(tabs.and(this.#page.locator('[aria-selected=true]')));
    const wanted = this.#page.getByRole('tab', { name: tab, exact: true, selected: true });
    for (let presses = await tabs.count(); presses > 0; presses--) {
      if ((await wanted.count()) === 1) return;
      await this.#page.keyboard.press('ArrowRight');
    }
    throw new Error(`${tab} cannot be reached with the arrows`);
  }

  field(role: Field, name: string | RegExp): Locator {
    return this.#page.getByRole(role, { name });
  }

  /** Goes somewhere with Tab and Shift+Tab. @throws Error where the focus is out of sight, or does not get there */
  async to(wanted: Locator): Promise<void> {
    // On the way it may be drawn anew.
    for (let walks = 0; walks < MOST_WALKS; walks++)
      if (await this.#walk(await handleOf(wanted), String(wanted))) return;
    throw new Error(`${String(wanted)} goes away whenever the focus comes near`);
  }

  /** @returns false when it went away meanwhile */
  async #walk(wanted: ElementHandle, name: string): Promise<boolean> {
    for (let stops = 0; stops < MOST_STOPS; stops++) {
      if (stops === 0 && this.#hasBegun) await this.#findFocus(name);
      const place = await this.#look(wanted);
      // Where one begins may be a heading, or nowhere.
      if (stops > 0 && !place.isSeen)
        throw new Error(`the focus cannot be seen at ${place.html}, ${place.above} is over it`);
      if (place.side === 'HERE') return true;
      if (place.side === 'GONE') return false;
      await this.#page.keyboard.press(place.side === 'BEFORE' ? 'Shift+Tab' : 'Tab');
      this.#hasBegun = true;
    }
    throw new Error(`${name} cannot be reached with the keyboard`);
  }

  /** What took away what had the focus puts it elsewhere within a moment. */
  async #findFocus(name: string): Promise<void> {
    for (let frames = 0; frames < 20; frames++) {
      if (await this.#page.evaluate('document.activeElement !== document.body')) return;
      await this.#page.evaluate(NEXT_FRAMES);
    }
    throw new Error(`the focus was lost before ${name}`);
  }

  async #look(wanted: ElementHandle): Promise<Place> {
    const place = await this.#page.evaluate(placeOfFocus, wanted);
    if (place.isSeen) return place;
    // It may be on its way to be drawn.
    await this.#page.evaluate(NEXT_FRAMES);
    return this.#page.evaluate(placeOfFocus, wanted);
  }
}

/** @throws Error when there is none within a while, or more than one */
async function handleOf(wanted: Locator): Promise<ElementHandle> {
  return (await wanted.elementHandle()) as ElementHandle;
}
