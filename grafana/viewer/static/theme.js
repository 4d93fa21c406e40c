// Light or dark, and what Grafana's colour names look like in each.

const KEPT = 'promo-theme';
const DARK = matchMedia('(prefers-color-scheme: dark)');

const COLOURS = {
  green: ['#1f8f4e', '#4cc27d'],
  yellow: ['#b58200', '#e5b93c'],
  orange: ['#d9660f', '#f2934a'],
  red: ['#cf3140', '#f0616d'],
  blue: ['#2f6fde', '#6ea0f7'],
  purple: ['#7a4fd0', '#a98bf0'],
  text: ['#1d2531', '#e3e8ef'],
};

// For series that are given no colour.
const ORDER = ['blue', 'orange', 'green', 'purple', 'yellow', 'red'];

export function isDark() {
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === 'dark' : DARK.matches;
}

/** A colour of Grafana's (`red`, `semi-dark-red`, `#a1b2c3`) in the theme that is on. */
export function colour(name) {
  const known = COLOURS[String(name).replace(/^(semi-dark|super-light|dark|light)-/, '')];
  return known ? known[isDark() ? 1 : 0] : name;
}

export function colourAt(index) {
  return colour(ORDER[index % ORDER.length]);
}

/** The value of a property of style.css. */
export function styled(property) {
  return getComputedStyle(document.documentElement).getPropertyValue(property).trim();
}

/** Let a button switch, and tell of every change. */
export function switching(button, changed) {
  const show = () => { button.textContent = isDark() ? '☀' : '☾'; };
  button.addEventListener('click', () => {
    const next = isDark() ? 'light' : 'dark';
    document.documentElement.dataset.theme = next;
    localStorage.setItem(KEPT, next);
    show();
    changed();
  });
  DARK.addEventListener('change', () => { show(); changed(); });
  show();
}
