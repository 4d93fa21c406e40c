// A button with something that opens under it; Escape or a click elsewhere closes it.

/** `fill(box)` is called each time it opens. */
export function dropdown(className, label, fill) {
  const root = document.createElement('div');
  root.className = `dropdown ${className}`;
  const button = document.createElement('button');
  button.type = 'button';
  button.setAttribute('aria-expanded', 'false');
  button.setAttribute('aria-label', label);
  const box = document.createElement('div');
  box.className = 'box';
  box.hidden = true;
  root.append(button, box);
  const close = () => {
    box.hidden = true;
    button.setAttribute('aria-expanded', 'false');
  };
  const open = () => {
    box.hidden = false;
    button.setAttribute('aria-expanded', 'true');
    fill(box);
    keepWithin(box);
  };
  button.addEventListener('click', () => (box.hidden ? open() : close()));
  root.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && !box.hidden) {
      close();
      button.focus();
    }
  });
  document.addEventListener('pointerdown', (event) => {
    if (!root.contains(event.target)) close();
  });
  root.addEventListener('focusout', (event) => {
    if (event.relatedTarget && !root.contains(event.relatedTarget)) close();
  });
  return { root, button, close };
}

function keepWithin(box) {
  box.style.translate = 'none';
  const { left, right } = box.getBoundingClientRect();
  const margin = 8;
  const width = document.documentElement.clientWidth;
  const by = right > width - margin ? width - margin - right : Math.max(0, margin - left);
  if (by !== 0) box.style.translate = `${Math.max(by, margin - left)}px 0`;
}
