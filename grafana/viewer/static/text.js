// A panel of text: headings, lists, paragraphs; in them bold, code, links. All of it as text.

const INLINE = /\*\*(?<bold>[^*]+)\*\*|`(?<code>[^`]+)`|\[(?<title>[^\]]+)\]\((?<href>\/[^)\s]*)\)/g;

export function drawText(body, { panel }) {
  const blocks = String(panel.options.content ?? '').split(/\n\s*\n/).filter(Boolean).map(block);
  body.replaceChildren(...blocks);
}

function block(text) {
  const heading = /^(#{1,4})\s+(.*)$/.exec(text);
  if (heading) return filled('h3', heading[2]);
  const lines = text.split('\n');
  if (lines.every((line) => /^[-*]\s+/.test(line))) {
    const list = document.createElement('ul');
    list.append(...lines.map((line) => filled('li', line.replace(/^[-*]\s+/, ''))));
    return list;
  }
  return filled('p', lines.join(' '));
}

function filled(tag, text) {
  const element = document.createElement(tag);
  let at = 0;
  for (const found of text.matchAll(INLINE)) {
    element.append(text.slice(at, found.index), inline(found.groups));
    at = found.index + found[0].length;
  }
  element.append(text.slice(at));
  return element;
}

function inline({ bold, code, title, href }) {
  const element = document.createElement(bold ? 'strong' : code ? 'code' : 'a');
  element.textContent = bold ?? code ?? title;
  if (href) element.href = href.replace(/^\/d\//, '/dashboards/');
  return element;
}
