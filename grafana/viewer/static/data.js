// Asking the API. A session that is over leads to the form, and back here afterwards.

const PATIENCE_MS = 20_000;

let over = false;

export class Unanswered extends Error {}

/** The JSON at an address; rejects with what to tell the reader. */
export async function ask(path, signal) {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  let answer;
  let body;
  try {
    answer = await fetch(path, { signal: AbortSignal.any([signal, patience]), headers: { Accept: 'application/json' } });
    body = await answer.json();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Unanswered(patience.aborted ? 'No answer in time.' : 'The API does not answer.');
  }
  if (answer.status === 401) {
    // All panels hear it at once; the first one leaves, for each further one would begin anew.
    const here = location.pathname + location.search;
    if (!over) location.assign(`/dashboards/login?next=${encodeURIComponent(here)}`);
    over = true;
    await new Promise(() => {}); // this page is over
  }
  if (!answer.ok) throw new Unanswered(body.detail ?? body.title ?? `The API answers ${answer.status}.`);
  return body;
}
