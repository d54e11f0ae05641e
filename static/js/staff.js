/* The staff's script. Everything works without it. It adds: keys, saving a draft while typing, character counts, dropped files,
   the focal point, choose-all, toasts. No dependency. */
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

const isTyping = (element) =>
  (/^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName) && !/^(checkbox|radio|range|button)$/.test(element.type)) || element.isContentEditable;

const say = (words) => {
  const toast = $('#toast');
  if (!toast) return;
  toast.textContent = words;
  clearTimeout(say.timer);
  say.timer = setTimeout(() => { toast.textContent = ''; }, 6000);
};

/* Keys. Single letters do nothing while a person types. data-key on a button or link names its letter; data-go the one after g. */
let goPressedAt = 0;

const moveRow = (step) => {
  const rows = $$('[data-rows] tbody tr');
  if (!rows.length) return;
  const at = rows.findIndex((row) => row.classList.contains('on'));
  const to = rows[Math.max(0, Math.min(rows.length - 1, at + step))];
  rows.forEach((row) => row.classList.toggle('on', row === to));
  ($('th a, a', to) ?? to).focus();
  to.scrollIntoView({ block: 'nearest' });
};

const press = (selector, event) => {
  const target = $(selector);
  if (!target) return;
  event?.preventDefault();
  target.focus();
  target.click();
};

addEventListener('keydown', (event) => {
  if ((event.ctrlKey || event.metaKey) && event.key === 's' && draft.form) { event.preventDefault(); saveDraft(draft.form); return; }
  if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
  const key = event.key;
  if (goPressedAt && Date.now() - goPressedAt < 900) { goPressedAt = 0; press(`[data-go="${CSS.escape(key)}"]`, event); return; }
  goPressedAt = key === 'g' ? Date.now() : 0;
  if (key === '/') { event.preventDefault(); $('#q')?.focus(); }
  else if (key === '?') $('#keys')?.togglePopover();
  else if (key === 'j') moveRow(1);
  else if (key === 'k') moveRow(-1);
  else if (key === 'x') $('tr.on input[type=checkbox]')?.click();
  else if (key.length === 1) press(`[data-key="${CSS.escape(key)}"]`, event);
});

/* A draft saves itself: <form data-draft="ADDRESS" data-shelf="NAME"> is posted there 400 ms after the last key, one save at a time.
   The answer is JSON: {number, edit} go back into the form, `address` and `preview` are where it lives from now on, `parts` are drawn
   again, `fields` are slots that somebody else changed meanwhile. Beside the title ([data-save]) stands only what is true. What is typed
   is kept in this browser until it is saved, over closed tabs and sign-ins too, and offered when the page is opened again ([data-kept]).
   A form with two people's words to choose from ([data-undecided]) waits for its button. */
const draft = { form: $('form[data-draft]'), timer: 0, saving: null, isDirty: false, isConflict: false, isUndecided: Boolean($('[data-undecided]')) };

const tellDraft = (words, look = '', link = null) => {
  const place = $('[data-save]');
  if (!place) return;
  place.className = look;
  place.replaceChildren(words);
  if (link) place.append(' ', Object.assign(document.createElement('a'), link));
};

/* What is kept lies under the page's shelf, one entry for each time the page was opened; a lock says that its tab is still open. */
const SHELF_DAYS = 30;
const shelfOf = (name) => `draft ${name} `;
const tab = { id: crypto.randomUUID?.() ?? String(Math.random()), mark: '', doing: 'save' };
const entryName = (form) => shelfOf(form.dataset.shelf) + tab.id;
const typedIn = (form) => [...new FormData(form)].filter(([name]) => !['csrf', 'number', 'edit', 'do', 'mark'].includes(name) && !name.startsWith('find:'));

const keepHere = (form) => {
  const entry = { fields: typedIn(form), number: form.elements.number.value, edit: form.elements.edit.value, doing: tab.doing, mark: tab.mark, at: Date.now() };
  try { localStorage.setItem(entryName(form), JSON.stringify(entry)); } catch { /* full or forbidden: the page still has it */ }
};
const forgetHere = (form) => { try { localStorage.removeItem(entryName(form)); } catch { /* forbidden: nothing is there */ } };

const readEntry = (name) => { try { return JSON.parse(localStorage.getItem(name)); } catch { return null; } };
/* What closed tabs left on a shelf, newest first. */
const listKept = async (shelf) => {
  const names = (() => { try { return Object.keys(localStorage).filter((name) => name.startsWith('draft ')); } catch { return []; } })();
  const held = await navigator.locks?.query().catch(() => null);
  const open = new Set((held?.held ?? []).map((lock) => lock.name));
  const entries = names.map((name) => ({ name, entry: readEntry(name) }));
  entries.filter(({ entry }) => !(entry?.at > Date.now() - SHELF_DAYS * 86_400_000)).forEach(({ name }) => localStorage.removeItem(name));
  return entries.filter(({ name, entry }) => entry && name.startsWith(shelfOf(shelf)) && !open.has(name)).sort((a, b) => b.entry.at - a.entry.at);
};

/* After signing in again in another tab the form's token is of the old sign-in; the page has the new one. */
const renewToken = async () => {
  const page = await fetch(location.href, { headers: { Accept: 'text/html' }, ...patience() });
  if (!page.ok || new URL(page.url).pathname !== location.pathname) return false;
  const token = $('input[name=csrf]', new DOMParser().parseFromString(await page.text(), 'text/html'))?.value;
  if (token) $$('input[name=csrf]').forEach((field) => { field.value = token; });
  return Boolean(token);
};

const postDraft = (address, body, more = {}) => fetch(address, { method: 'POST', body, headers: { Accept: 'application/json' }, ...more });
/* An answer that takes longer than this is as good as none. */
const patience = () => ({ signal: AbortSignal.timeout(15_000) });

/* One at a time: Chromium forgets an address that it is given between the answer to the one before and its being shown. What leads to
   a sign-in, which may stand in no frame, shows nothing that could be scrolled. */
const draws = new WeakMap();

const redraw = (frame, address) => {
  if (document.readyState !== 'complete') { addEventListener('load', () => redraw(frame, address), { once: true }); return; }
  const isUnderWay = draws.has(frame);
  draws.set(frame, isUnderWay && address);
  if (isUnderWay) return;
  const top = frame.contentDocument ? frame.contentWindow.scrollY : 0;
  frame.addEventListener('load', () => {
    const next = draws.get(frame);
    draws.delete(frame);
    if (frame.contentDocument) frame.contentWindow.scrollTo(0, top);
    if (next) redraw(frame, next);
  }, { once: true });
  frame.contentWindow?.location.replace(address);
};

const valuesIn = (data, name) => JSON.stringify([...data].filter(([each]) => each === name || each.startsWith(`${name}.`)));

/* Slots that somebody else changed are drawn anew, unless they were typed in while the answer was on its way: then the form goes on as
   it was, and the next save says where both differ. Whether it is all drawn. */
const drawFields = (form, fields, sent) => {
  const now = new FormData(form);
  const alts = (data) => JSON.stringify([...data].filter(([name]) => name.startsWith('alt:')));
  if (Object.keys(fields).some((name) => valuesIn(now, name) !== valuesIn(sent, name) || alts(now) !== alts(sent))) return false;
  const focused = document.activeElement?.id;
  for (const [name, html] of Object.entries(fields)) {
    const place = $(`[data-slot="${CSS.escape(name)}"]`, form);
    if (place) place.innerHTML = html;
  }
  if (focused) document.getElementById(focused)?.focus();
  return true;
};

const takeAnswer = (form, said, sent) => {
  for (const [name, text] of sent) if (name.startsWith('alt:') && form.elements[`was:${name.slice(4)}`]) form.elements[`was:${name.slice(4)}`].value = text;
  const isDrawn = drawFields(form, said.fields ?? {}, sent);
  for (const name of ['number', 'edit']) if (isDrawn && said[name] != null && form.elements[name]) form.elements[name].value = said[name];
  if (said.address && said.address !== form.dataset.draft) {
    form.dataset.draft = said.address;
    form.action = said.address;
    const query = new URLSearchParams(location.search);
    query.delete('item');
    history.replaceState(history.state, '', said.address + (query.size ? `?${query}` : ''));
  }
  $$('iframe[data-live]').forEach((frame) => redraw(frame, said.preview ?? frame.src));
  Object.entries(said.parts ?? {}).forEach(([name, html]) => { const place = $(`[data-part="${CSS.escape(name)}"]`); if (place) place.innerHTML = html; });
  const way = $('[data-way]');
  if (way && said.way) way.textContent = said.way;
};

/* Whether it is saved. */
const sendDraft = async (form) => {
  draft.isDirty = false;
  tellDraft('Saving');
  let sent = new FormData(form);
  let answer = null;
  let said = null;
  try {
    answer = await postDraft(form.dataset.draft, sent, patience());
    said = await answer.json().catch(() => ({}));
    if (answer.status === 400 && said.type === 'foreign_write' && await renewToken()) {
      sent = new FormData(form);
      answer = await postDraft(form.dataset.draft, sent, patience());
      said = await answer.json().catch(() => ({}));
    }
  } catch { answer = null; }
  if (answer?.ok) {
    draft.isConflict = false;
    if (!draft.isDirty) forgetHere(form);
    takeAnswer(form, said, sent);
    tellDraft(`Saved ${new Date().toTimeString().slice(0, 5)}`, 'saved');
    return true;
  }
  draft.isDirty = true;
  draft.isConflict = answer?.status === 409;
  keepHere(form);
  if (!answer) {
    tellDraft('Not saved: no line. Kept in this browser, and tried again every few seconds.', 'late');
    draft.timer = setTimeout(() => saveDraft(form), 5_000);
  } else if (answer.status === 401 || answer.status === 400) {
    tellDraft('Not saved: you are signed out. What you typed stays here.', 'late', { textContent: 'Sign in in a new tab', href: '/sign-in', target: '_blank', rel: 'noopener' });
  } else if (answer.status === 409) tellDraft(`Not saved. ${said.detail ?? ''} Press Save to see both.`, 'late');
  else tellDraft(`Not saved. ${said.detail ?? ''}`, 'late');
  return false;
};

const saveDraft = (form) => {
  clearTimeout(draft.timer);
  if (draft.isUndecided) { keepHere(form); return Promise.resolve(false); }
  draft.saving ??= (async () => {
    let isSaved = true;
    do isSaved = await sendDraft(form); while (isSaved && draft.isDirty);
    return isSaved;
  })().finally(() => { draft.saving = null; });
  return draft.saving;
};

/* What was kept goes the way it would have gone: as a form typed upon the save it was typed upon. */
const putBack = async (form, { name, entry }) => {
  const said = new FormData();
  for (const [field, value] of entry.fields) said.append(field, value);
  for (const [field, value] of [['number', entry.number], ['edit', entry.edit], ['csrf', form.elements.csrf.value], ['do', entry.doing]]) said.append(field, value);
  const answer = await postDraft(form.dataset.draft, said, patience()).catch(() => null);
  if (answer?.ok) {
    localStorage.removeItem(name);
    draft.isDirty = false;
    location.assign((await answer.json()).address + location.search.replace(/([?&])item=[^&]*&?/, '$1'));
  } else if (!answer) tellDraft('Not put back: no line. It is still kept in this browser.', 'late');
  else {
    /* The page that says why has it all in its fields. */
    const sender = Object.assign(document.createElement('form'), { method: 'post', action: form.dataset.draft, hidden: true });
    const mark = entry.mark || tab.id;
    localStorage.setItem(name, JSON.stringify({ ...entry, mark }));
    for (const [field, value] of [...said, ['mark', mark]]) sender.append(Object.assign(document.createElement('input'), { type: 'hidden', name: field, value }));
    document.body.append(sender);
    sender.submit();
  }
};

const showKept = (box, { entry }) => {
  const at = new Date(entry.at);
  const day = at.toDateString() === new Date().toDateString() ? '' : ` on ${at.toISOString().slice(0, 10)}`;
  $('[data-kept-at]', box).textContent = `It was typed at ${at.toTimeString().slice(0, 5)}${day} and is kept in this browser only.`;
  const texts = entry.fields.filter(([name, value]) => value.trim() && /[.:]/.test(name) && !/^(was|choose):|\.(row|pictures?)$/.test(name));
  $('[data-kept-texts]', box).replaceChildren(...texts.map(([, value]) => Object.assign(document.createElement('li'), { className: 'asis', dir: 'auto', textContent: value })));
  box.hidden = false;
};

/* What an earlier tab left: forgotten where it arrived (the address says so, or the page says the same), else offered. */
const offerKept = async () => {
  const box = $('[data-kept]');
  if (!box) return;
  const form = draft.form;
  const address = new URL(location);
  const arrived = address.searchParams.get('saved');
  address.searchParams.delete('saved');
  if (arrived) history.replaceState(history.state, '', address);
  const here = form && JSON.stringify(typedIn(form));
  const kept = [];
  for (const one of await listKept(box.dataset.kept)) {
    /* It came back with a refusal, and stands in this form. */
    if (one.entry.mark && one.entry.mark === form?.elements.mark?.value) continue;
    if ((arrived && one.entry.mark === arrived) || (one.entry.doing === 'save' && JSON.stringify(one.entry.fields) === here)) localStorage.removeItem(one.name);
    else kept.push(one);
  }
  if (!kept.length) return;
  showKept(box, kept[0]);
  $('[data-put-back]', box)?.addEventListener('click', () => putBack(form, kept[0]));
  $('[data-forget]', box).addEventListener('click', () => { localStorage.removeItem(kept.shift().name); box.hidden = !kept.length; if (kept.length) showKept(box, kept[0]); });
};
offerKept();

if (draft.form) {
  const { form } = draft;
  navigator.locks?.request(entryName(form), () => new Promise(() => {})).catch(() => {});

  /* A button or a link waits for the save that is on its way: it would come with an older count. */
  form.addEventListener('submit', (event) => {
    const doing = event.submitter?.value ?? 'save';
    clearTimeout(draft.timer);
    if (doing === 'save' && !draft.isConflict && !draft.isUndecided) { event.preventDefault(); saveDraft(form); return; }
    if (draft.saving) { event.preventDefault(); draft.saving.then(() => form.requestSubmit(event.submitter)); return; }
    /* The address after it says this mark, so that what is kept here is known to have arrived. */
    tab.mark = form.elements.mark?.value ?? tab.id;
    if (!form.elements.mark) form.append(Object.assign(document.createElement('input'), { type: 'hidden', name: 'mark', value: tab.mark }));
    tab.doing = doing === 'submit' ? 'save' : doing;
    keepHere(form);
    draft.isDirty = !navigator.onLine;
    if (navigator.onLine) return;
    event.preventDefault();
    tellDraft('Not done: no line. What you typed is kept in this browser.', 'late');
  });
  addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    const isPlain = !event.metaKey && !event.ctrlKey && !event.shiftKey && !link?.target;
    if (!link || !isPlain || link.getAttribute('href').startsWith('#') || !(draft.isDirty || draft.saving)) return;
    event.preventDefault();
    saveDraft(form).then((isSaved) => { if (isSaved) location.href = link.href; });
  });
  addEventListener('online', () => {
    const button = tab.doing !== 'save' && $(`button[value="${CSS.escape(tab.doing)}"]`, form);
    if (button) button.click();
    else if (draft.isDirty) saveDraft(form);
  });
  addEventListener('pagehide', () => {
    if (!draft.isDirty) return;
    keepHere(form);
    if (!draft.isUndecided && tab.doing === 'save') postDraft(form.dataset.draft, new FormData(form), { keepalive: true }).catch(() => {});
  });
}

addEventListener('input', (event) => {
  const control = event.target;
  const count = control.id && $(`[data-count="${CSS.escape(control.id)}"]`);
  const most = Number(control.dataset.max ?? control.maxLength);
  if (count && most > 0) {
    count.textContent = `${control.value.length} of ${most}`;
    count.classList.toggle('late', control.value.length > most);
  }
  if (control.dataset.focal) drawFocal();
  const form = control.closest('form[data-draft]');
  if (form && !control.name.startsWith('find:')) {
    draft.isDirty = true;
    keepHere(form);
    clearTimeout(draft.timer);
    draft.timer = setTimeout(() => saveDraft(form), 400);
  }
});

/* Words of a form that is not saved as it is filled in, <form data-hold=KEY>: they stay in this tab over a reload, another language, a
   sign-in. What stands in fields that this page does not show goes with the rest. */
const held = $('form[data-hold]');
if (held) {
  const name = `hold ${held.getAttribute('action')} ${held.dataset.hold}`;
  let words = {};
  try { words = JSON.parse(sessionStorage.getItem(name)) ?? {}; } catch { /* nothing is there */ }
  const fields = [...held.elements].filter((one) => one.matches('textarea'));
  for (const one of fields) {
    if (one.value) words[one.name] = one.value;
    else if (words[one.name]) {
      one.value = words[one.name];
      for (let fold = one.closest('details'); fold; fold = fold.parentElement.closest('details')) fold.open = true;
    }
  }
  const elsewhere = Object.keys(words).filter((each) => words[each] && !fields.some((one) => one.name === each));
  for (const each of elsewhere) held.append(Object.assign(document.createElement('input'), { type: 'hidden', name: each, value: words[each] }));
  addEventListener('input', (event) => {
    if (event.target.form !== held || !event.target.matches('textarea')) return;
    words[event.target.name] = event.target.value;
    try { sessionStorage.setItem(name, JSON.stringify(words)); } catch { /* forbidden: it is not held */ }
  });
}

/* A second tap within a second on one button that changes something is the same tap. */
const taps = new WeakMap();
addEventListener('submit', (event) => {
  const button = event.submitter ?? event.target;
  if (event.defaultPrevented || event.target.getAttribute('method') !== 'post') return;
  if (event.timeStamp - (taps.get(button) ?? -Infinity) < 1_000) event.preventDefault();
  else taps.set(button, event.timeStamp);
});

/* In a long list of rooms the present one is in sight. */
$('.bar .nav [aria-current]')?.scrollIntoView({ block: 'nearest' });

/* Files dropped on a box belong to the file input in it. */
for (const kind of ['dragover', 'dragleave', 'drop']) {
  addEventListener(kind, (event) => {
    const box = event.target.closest?.('[data-drop]');
    if (!box) return;
    event.preventDefault();
    box.classList.toggle('over', kind === 'dragover');
    if (kind === 'drop') {
      const input = $('input[type=file]', box);
      input.files = event.dataTransfer.files;
      input.dispatchEvent(new Event('change', { bubbles: true }));
    }
  });
}

/* Focal point: two sliders are the control, the picture is a shortcut to them. */
const drawFocal = () => {
  const x = $('[data-focal=x]')?.value;
  const y = $('[data-focal=y]')?.value;
  if (x == null || y == null) return;
  $$('.focal circle').forEach((mark) => { mark.setAttribute('cx', `${x}%`); mark.setAttribute('cy', `${y}%`); });
  $$('.crop image').forEach((picture) => {
    const box = picture.ownerSVGElement.viewBox.baseVal;
    picture.setAttribute('x', ((box.width - picture.width.baseVal.value) * x) / 100);
    picture.setAttribute('y', ((box.height - picture.height.baseVal.value) * y) / 100);
  });
  $$('[data-say]').forEach((place) => { place.textContent = `${place.dataset.say === 'x' ? x : y} %`; });
};

addEventListener('click', (event) => {
  const picture = event.target.closest('.focal');
  if (picture) {
    const box = picture.getBoundingClientRect();
    $('[data-focal=x]').value = ((event.clientX - box.left) / box.width) * 100;
    $('[data-focal=y]').value = ((event.clientY - box.top) / box.height) * 100;
    $('[data-focal=x]').dispatchEvent(new Event('input', { bubbles: true }));
  }
  const speaker = event.target.closest('[data-toast]');
  if (speaker) say(speaker.dataset.toast);
});

/* Choose all, and the number in the bulk line. */
addEventListener('change', (event) => {
  const form = event.target.closest('form[data-bulk]');
  if (!form) return;
  const boxes = $$('tbody input[type=checkbox]', form);
  if (event.target.matches('[data-all]')) boxes.forEach((box) => { box.checked = event.target.checked; });
  boxes.forEach((box) => box.closest('tr').setAttribute('aria-selected', box.checked));
  const chosen = boxes.filter((box) => box.checked).length;
  const place = $('[data-n]', form);
  if (place) place.textContent = chosen ? `${chosen} chosen` : 'None chosen';
});

/* A form that is tried on while it is filled in: <form data-try="ADDRESS"> fetches what becomes of it into [data-shown] 250 ms after the
   last key, and redraws iframe[data-sample]. A colour field and its picker ([data-twin]) say the same. */
let tryTimer;

const tryOn = async (form) => {
  const said = new URLSearchParams(new FormData(form));
  said.delete('csrf');
  $$('iframe[data-sample]').forEach((frame) => redraw(frame, `${frame.dataset.sample}?${said}`));
  const answer = await fetch(`${form.dataset.try}?${said}`).catch(() => null);
  const place = $('[data-shown]');
  if (answer?.ok && place) place.innerHTML = await answer.text();
};

addEventListener('input', (event) => {
  const control = event.target;
  const twin = control.dataset.twin;
  if (twin) document.getElementById(twin).value = control.value;
  else if (/^#[0-9a-f]{6}$/i.test(control.value)) {
    const picker = $(`[data-twin="${CSS.escape(control.id)}"]`);
    if (picker) picker.value = control.value;
  }
  const form = control.closest('form[data-try]');
  if (form) { clearTimeout(tryTimer); tryTimer = setTimeout(() => tryOn(form), 250); }
});

/* A page that shows a running job asks again every 5 s, as its <noscript> refresh would; not while somebody fills in a form. */
const running = $('[data-again]');
let isTouched = false;
addEventListener('input', () => { isTouched = true; });
if (running) setInterval(() => { if (!isTouched) location.reload(); }, Number(running.dataset.again) * 1000);

$('.errs[tabindex]')?.focus();
