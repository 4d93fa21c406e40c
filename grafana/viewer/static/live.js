// When to ask again. Never while nobody sees the page.

const LEAST_MS = 1_000;
const SHARE = 4;

// `auto`: a second after the last answers came, or four times as long as they took, so that open
// pages leave at least four fifths of their time to others.
export const CHOICES = { auto: 'Live', off: 'Off', 5: 'Every 5 s', 30: 'Every 30 s', 60: 'Every minute' };

export class Live {
  #ask;
  #choice = 'auto';
  #timer = null;
  #asking = null;

  /** `ask(signal)` resolves when all answers came; it does not reject. */
  constructor(ask) {
    this.#ask = ask;
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) clearTimeout(this.#timer);
      else if (this.#choice !== 'off') this.now();
    });
  }

  choose(choice) {
    this.#choice = choice;
    if (choice === 'off') clearTimeout(this.#timer);
    else this.now();
  }

  /** Ask at once; what is under way is of no interest any more. */
  async now() {
    clearTimeout(this.#timer);
    this.#asking?.abort();
    const asking = this.#asking = new AbortController();
    const started = performance.now();
    await this.#ask(asking.signal);
    if (asking.signal.aborted) return;
    if (this.#choice !== 'off' && !document.hidden) {
      this.#timer = setTimeout(() => this.now(), this.#wait(performance.now() - started));
    }
  }

  #wait(tookMs) {
    return this.#choice === 'auto' ? Math.max(LEAST_MS, SHARE * tookMs) : Number(this.#choice) * 1000;
  }
}
