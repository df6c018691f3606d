// The part of Markdown that posts use, as DOM nodes: a text never becomes HTML, so nothing in a post can run.

const inline = /(`+)([\s\S]*?[^`])\1(?!`)|!?\[([^\]]*)\](?:\(\s*<?([^)\s>]+)>?[^)]*\)|\[([^\]]*)\])?|<(https?:[^>\s]+)>|(\*\*|__)(?=\S)([\s\S]*?\S)\7|(\*|_)(?=\S)([\s\S]*?\S)\9(?!\w)/g;

function link(url, children) {
  const a = document.createElement('a');
  // Only schemes that cannot run a script; anything else stays a text.
  if (/^(https?:|mailto:)/i.test(url)) {
    a.href = url;
    a.rel = 'noopener noreferrer';
  }
  a.append(...children);
  return a;
}

function wrap(tag, children) {
  const element = document.createElement(tag);
  element.append(...children);
  return element;
}

function spans(text, refs, depth = 0) {
  const out = [];
  let end = 0;
  for (const m of text.matchAll(inline)) {
    const [all, , code, label, url, ref, bare, , strong, , em] = m;
    const target = url ?? (label !== undefined && url === undefined ? refs.get((ref || label).toLowerCase()) : undefined);
    if (depth > 4 || (label !== undefined && !target)) {
      continue;
    }

    out.push(text.slice(end, m.index));
    end = m.index + all.length;
    if (code !== undefined) {
      out.push(wrap('code', [code]));
    } else if (label !== undefined) {
      out.push(link(target, spans(label || target, refs, depth + 1)));
    } else if (bare) {
      out.push(link(bare, [bare]));
    } else {
      out.push(wrap(strong === undefined ? 'em' : 'strong', spans(strong ?? em, refs, depth + 1)));
    }
  }

  out.push(text.slice(end));
  return out;
}

/** Renders Markdown into a fragment. */
export function render(source) {
  const refs = new Map();
  const text = source.replaceAll('\r', '').replace(/^ {0,3}\[([^\]]+)\]:\s*<?(\S+?)>?(?:\s+["'(].*)?$/gm, (_, name, url) => {
    refs.set(name.toLowerCase(), url);
    return '';
  });
  const out = document.createDocumentFragment();
  const lines = text.split('\n');
  let i = 0;
  const take = test => {
    const start = i;
    while (i < lines.length && test(lines[i], i - start)) {
      i++;
    }
    return lines.slice(start, i);
  };

  while (i < lines.length) {
    const line = lines[i];
    const fence = /^ {0,3}(```+|~~~+)/.exec(line);
    const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(line);
    const item = /^\s*([-*+]|\d+[.)])\s+/;
    if (!line.trim()) {
      i++;
    } else if (fence) {
      i++;
      const code = take(l => !l.trimStart().startsWith(fence[1]));
      i++;
      out.append(wrap('pre', [wrap('code', [code.join('\n')])]));
    } else if (heading) {
      i++;
      // The page's own title is the only h1.
      out.append(wrap(`h${Math.min(heading[1].length + 1, 6)}`, spans(heading[2], refs)));
    } else if (/^ {0,3}([-*_])( *\1){2,}\s*$/.test(line)) {
      i++;
      out.append(document.createElement('hr'));
    } else if (/^\s*>/.test(line)) {
      out.append(wrap('blockquote', [render(take(l => /^\s*>/.test(l)).map(l => l.replace(/^\s*> ?/, '')).join('\n'))]));
    } else if (item.test(line)) {
      const list = document.createElement(/^\s*\d/.test(line) ? 'ol' : 'ul');
      let current = '';
      const flush = () => current && list.append(wrap('li', spans(current, refs)));
      for (const l of take(l => l.trim() !== '')) {
        if (item.test(l)) {
          flush();
          current = l.replace(item, '');
        } else {
          current += ` ${l.trim()}`;
        }
      }
      flush();
      out.append(list);
    } else {
      out.append(wrap('p', spans(take((l, n) => l.trim() !== '' && (n === 0 || !/^(#{1,6}\s| {0,3}(```|~~~)|\s*>)/.test(l))).join('\n'), refs)));
    }
  }
  return out;
}

/** The words of Markdown without its signs, for the first lines in a list. */
export function plain(source) {
  return source.replace(/^ {0,3}\[[^\]]+\]:.*$/gm, '').replace(/!?\[([^\]]*)\](\([^)]*\)?|\[[^\]]*\])?/g, '$1').replace(/<[^>]*>/g, '')
    .replace(/^#+\s*/gm, '').replace(/[`*_>]/g, '').replace(/\s+/g, ' ').trim();
}
