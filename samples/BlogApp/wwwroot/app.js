import { h } from './dom.js';
import { loadView } from './load.js';
import { plain, render as markdown } from './markdown.js';

const main = document.querySelector('#main');
const live = document.querySelector('#live');
const dates = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeZone: 'UTC' });
const times = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

function toast(text) {
  const box = document.querySelector('#toast');
  box.textContent = text;
  box.classList.add('on');
  clearTimeout(toast.timer);
  toast.timer = setTimeout(() => box.classList.remove('on'), 2500);
}

/* ---- requests, with where each was answered ---- */
class Problem extends Error {
  constructor(status, details) {
    super(details?.title ?? `The server answered ${status}.`);
    this.status = status;
    this.errors = details?.errors ?? {};
  }
}

async function api(path, method = 'GET', body = undefined) {
  const started = performance.now();
  const response = await fetch(`/api${path}`, {
    method,
    headers: body ? { 'content-type': 'application/json' } : {},
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  note(method, path, response.headers.get('x-cache') ?? 'bypass', response.headers.get('x-elapsed-ms'), performance.now() - started);
  const json = text && response.headers.get('content-type')?.includes('json') ? JSON.parse(text) : undefined;
  if (!response.ok) {
    throw new Problem(response.status, json);
  }
  return json;
}

function note(method, path, cache, server, total) {
  const list = document.querySelector('#requests');
  const badge = () => h('b', { class: `badge ${cache}` }, cache);
  list.prepend(h('li', {}, badge(), h('code', { title: `${method} ${path}` }, `${method} ${path}`),
    h('time', { title: `${total.toFixed(1)} ms with the network` }, `${server} ms`)));
  while (list.children.length > 6) {
    list.lastChild.remove();
  }
  document.querySelector('#last').replaceChildren('last: ', badge(), ` ${server} ms`);
}

/* ---- pieces ---- */
const date = iso => h('time', { datetime: iso }, dates.format(new Date(`${iso}T00:00:00Z`)));
const author = (id, name) => h('a', { href: `#/authors/${id}` }, name);

function card(post) {
  return h('li', { class: 'card', 'data-post': post.id },
    h('h2', {}, h('a', { href: `#/posts/${post.id}` }, post.title)),
    h('div', { class: 'meta' }, author(post.authorId, post.author), date(post.publishedOn), h('span', {}, post.channel)),
    h('p', {}, plain(post.excerpt).slice(0, 180), '…'));
}

function pageOf(page, href) {
  return [
    page.items.length ? h('ol', { class: 'cards' }, page.items.map(card)) : h('p', {}, 'Nothing here yet.'),
    h('nav', { class: 'actions', 'aria-label': 'Pages' },
      page.number > 1 && h('a', { class: 'button', href: href(page.number - 1), rel: 'prev' }, '← Newer'),
      page.hasMore && h('a', { class: 'button', href: href(page.number + 1), rel: 'next' }, 'Older →')),
  ];
}

/** A labelled field whose error message, if any, belongs to it for a screen reader too. */
function field(name, label, hint, tag = 'input', attributes = {}, value = '') {
  const input = h(tag, { name, id: `f-${name}`, 'aria-describedby': `e-${name}`, ...attributes });
  input.value = value;
  return h('label', { for: `f-${name}` }, label, hint && h('small', {}, hint), input, h('span', { class: 'error', id: `e-${name}` }));
}

function showErrors(form, error) {
  for (const input of form.querySelectorAll('input, textarea')) {
    const messages = Object.entries(error?.errors ?? {}).filter(([key]) => key.split('[')[0] === input.name).flatMap(([, texts]) => texts);
    input.setAttribute('aria-invalid', messages.length > 0);
    form.querySelector(`#e-${input.name}`).textContent = messages.join(' ');
  }
  if (error) {
    toast(error.message);
    form.querySelector('[aria-invalid="true"]')?.focus();
  }
}

function submitting(form, send) {
  form.addEventListener('submit', async event => {
    event.preventDefault();
    const button = form.querySelector('[type=submit]');
    button.disabled = true;
    try {
      showErrors(form, null);
      await send(Object.fromEntries(new FormData(form)));
    } catch (error) {
      showErrors(form, error);
    } finally {
      button.disabled = false;
    }
  });
  return form;
}

const names = text => text.split(/[\n;]/).map(n => n.trim()).filter(Boolean);

/* ---- views: each returns its title and its nodes ---- */
const views = [
  [/^\/(?:page\/(\d+))?$/, async page => {
    const feed = await api(page ? `/posts?page=${page}` : '/posts');
    return ['Feed', pageOf(feed, n => `#/page/${n}`)];
  }],

  [/^\/trending$/, async () => {
    const posts = await api('/posts/trending');
    return ['Trending', h('ol', { class: 'cards ranks' }, posts.map(p => h('li', { class: 'card', 'data-post': p.id },
      h('h2', {}, h('a', { href: `#/posts/${p.id}` }, p.title)),
      h('span', { class: 'count' }, `${p.comments} comment${p.comments === 1 ? '' : 's'}`),
      h('div', { class: 'meta' }, author(p.authorId, p.author), date(p.publishedOn)))))];
  }],

  [/^\/authors$/, async () => {
    const authors = await api('/authors');
    return ['Authors', h('ul', { class: 'columns' },
      authors.map(a => h('li', {}, author(a.id, a.name), h('span', { class: 'count' }, a.posts))))];
  }],

  [/^\/authors\/(\d+)(?:\/page\/(\d+))?$/, async (id, page = 1) => {
    const { name, posts } = await api(`/authors/${id}/posts?page=${page}`);
    return [name, pageOf(posts, n => `#/authors/${id}/page/${n}`)];
  }],

  [/^\/tags$/, async () => {
    const tags = await api('/tags');
    return ['Tags', h('ul', { class: 'chips' }, tags.map(t =>
      h('li', {}, h('a', { class: 'chip', href: `#/tags/${encodeURIComponent(t.name)}` }, t.name, h('span', {}, t.posts)))))];
  }],

  [/^\/tags\/([^/]+)(?:\/page\/(\d+))?$/, async (tag, page = 1) => {
    const { name, posts } = await api(`/tags/${tag}/posts?page=${page}`);
    return [`#${name}`, pageOf(posts, n => `#/tags/${tag}/page/${n}`)];
  }],

  [/^\/posts\/(\d+)$/, async id => {
    const post = await api(`/posts/${id}`);
    return [post.title, postView(post), { ownTitle: true }];
  }],

  [/^\/load$/, async () => ['Load', loadView(api), { keep: true }]],

  [/^\/new$/, async () => ['New post', postForm({
    channel: 'main', publishedOn: new Date().toISOString().slice(0, 10), authors: [], tags: [],
  }), { keep: true }]],

  [/^\/posts\/(\d+)\/edit$/, async id => ['Edit post', postForm(await api(`/posts/${id}`)), { keep: true }]],
];

function postView(post) {
  const comment = submitting(h('form', { class: 'panel', novalidate: true, id: 'comment' },
    field('name', 'Your name', '', 'input', { autocomplete: 'name' }),
    field('text', 'Comment', '', 'textarea'),
    h('div', {}, h('button', { type: 'submit', class: 'primary' }, 'Comment'))),
  async values => {
    await api(`/posts/${post.id}/comments`, 'POST', values);
    document.querySelector('#f-text').value = '';
    await show({ quiet: true });
  });

  return [
    h('article', { class: 'post', 'data-post': post.id },
      h('h1', {}, post.title),
      h('div', { class: 'meta' },
        h('span', {}, author(post.authorId, post.authors[0]), post.authors.slice(1).map(a => `, ${a}`)),
        date(post.publishedOn), h('span', {}, post.channel)),
      h('div', { class: 'body' }, markdown(post.body)),
      h('ul', { class: 'chips', 'aria-label': 'Tags' }, post.tags.map(t =>
        h('li', {}, h('a', { class: 'chip', href: `#/tags/${encodeURIComponent(t)}` }, t)))),
      h('div', { class: 'actions' },
        h('a', { class: 'button', href: `#/posts/${post.id}/edit` }, 'Edit'),
        h('button', { type: 'button', class: 'danger', onclick: () => confirmDelete(post) }, 'Delete'))),
    h('h2', {}, `Comments (${post.comments.length})`),
    h('ol', { class: 'comments' }, post.comments.map(c => h('li', { class: 'card' },
      h('div', { class: 'meta' }, h('b', {}, c.name), h('time', { datetime: c.at }, times.format(new Date(c.at)))),
      h('p', {}, c.text)))),
    comment,
  ];
}

function confirmDelete(post) {
  const dialog = h('dialog', { 'aria-labelledby': 'really', onclose: () => dialog.remove() },
    h('p', { id: 'really' }, `Delete “${post.title}” and its ${post.comments.length} comments?`),
    h('form', { method: 'dialog', class: 'actions' },
      h('button', { autofocus: true }, 'Keep it'),
      h('button', {
        class: 'danger', onclick: async () => {
          await api(`/posts/${post.id}`, 'DELETE');
          toast('Deleted.');
          location.hash = '#/';
        },
      }, 'Delete')));
  document.body.append(dialog);
  dialog.showModal();
}

function postForm(post) {
  return submitting(h('form', { class: 'panel', novalidate: true },
    field('title', 'Title', '', 'input', {}, post.title ?? ''),
    h('div', { class: 'pair' },
      field('slug', 'Slug', 'part of its name, without spaces', 'input', {}, post.slug ?? ''),
      field('channel', 'Channel', '', 'input', {}, post.channel),
      field('publishedOn', 'Published on', '', 'input', { type: 'date' }, post.publishedOn)),
    field('authors', 'Authors', 'separated by semicolons; the first one is the main author', 'input', {}, post.authors.join('; ')),
    field('tags', 'Tags', 'separated by semicolons', 'input', {}, post.tags.join('; ')),
    field('body', 'Text', 'Markdown', 'textarea', { class: 'tall' }, post.body ?? ''),
    h('div', { class: 'actions' },
      h('button', { type: 'submit', class: 'primary' }, post.id ? 'Save' : 'Publish'),
      h('a', { class: 'button', href: post.id ? `#/posts/${post.id}` : '#/' }, 'Cancel'))),
  async values => {
    const body = { ...values, authors: names(values.authors), tags: names(values.tags) };
    if (!body.tags.length) {
      delete body.tags;
    }
    const { id } = await api(post.id ? `/posts/${post.id}` : '/posts', post.id ? 'PUT' : 'POST', body);
    toast(post.id ? 'Saved.' : 'Published.');
    location.hash = `#/posts/${id}`;
  });
}

/* ---- routing ---- */
let turn = 0;
let keep = false;

/** Shows what the address says. Quiet: the same view again with newer data; the reader's place and half-written comment stay. */
async function show({ quiet = false, changed = undefined } = {}) {
  const mine = ++turn;
  const path = location.hash.slice(1) || '/';
  const [pattern, view] = views.find(([p]) => p.test(path)) ?? [];
  main.setAttribute('aria-busy', 'true');
  let title, nodes, options = {};
  try {
    [title, nodes, options = {}] = view ? await view(...pattern.exec(path).slice(1)) : ['Not found', h('p', {}, 'There is no such page.')];
  } catch (error) {
    [title, nodes] = error.status === 404
      ? ['Gone', h('p', {}, 'There is nothing here, or not any more.')]
      : ['Something went wrong', h('p', {}, error.message)];
  }
  if (mine !== turn) {
    return;
  }

  const draft = quiet ? [...main.querySelectorAll('input, textarea')].map(i => [i.id, i.value]) : [];
  const focused = quiet && main.contains(document.activeElement) ? document.activeElement : null;
  const selection = focused && 'selectionStart' in focused ? [focused.selectionStart, focused.selectionEnd] : null;
  main.replaceChildren(...[options.ownTitle ? [] : h('h1', {}, title), nodes].flat());
  for (const [id, value] of draft) {
    const input = main.querySelector(`#${id}`);
    if (input) {
      input.value = value;
    }
  }

  keep = options.keep === true;
  document.title = `${title} · BlogApp`;
  main.setAttribute('aria-busy', 'false');
  for (const a of document.querySelectorAll('header nav a')) {
    const target = a.getAttribute('href').slice(1);
    a.toggleAttribute('aria-current', target === '/' ? path === '/' || path.startsWith('/page/') : path.startsWith(target));
  }
  if (changed) {
    main.querySelector(`[data-post="${changed}"]`)?.classList.add('flash');
  }
  if (!quiet) {
    window.scrollTo(0, 0);
    main.focus({ preventScroll: true });
  } else if (focused?.id) {
    const again = main.querySelector(`#${focused.id}`);
    again?.focus({ preventScroll: true });
    if (again && selection) {
      again.setSelectionRange(...selection);
    }
  }
}

/* ---- live: the server says what changed, the page asks again ---- */
let waiting;
function changed(id) {
  if (keep) {
    if (id && location.hash === `#/posts/${id}/edit`) {
      toast('Somebody else has just changed this post.');
    }
    return;
  }

  // Many changes at once, such as an import, are one look.
  clearTimeout(waiting);
  waiting = setTimeout(() => show({ quiet: true, changed: id }), 60);
}

function listen() {
  const events = new EventSource('/api/events');
  let connectedBefore = false;
  events.addEventListener('hello', () => {
    live.dataset.state = 'on';
    live.textContent = 'live';
    // What happened while the line was down is unknown: look again.
    if (connectedBefore) {
      changed();
    }
    connectedBefore = true;
  });
  events.addEventListener('change', e => changed(JSON.parse(e.data).id));
  events.addEventListener('reset', () => changed());
  events.addEventListener('error', () => {
    live.dataset.state = 'off';
    live.textContent = 'reconnecting';
  });
}

window.addEventListener('hashchange', () => show());
document.querySelector('.skip').addEventListener('click', event => {
  event.preventDefault();
  main.focus();
});
if (matchMedia('(max-width: 40rem)').matches) {
  document.querySelector('.requests details').open = false;
}
await show();
listen();
