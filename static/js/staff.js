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

/* A draft saves itself: <form data-draft="ADDRESS"> is posted there 400 ms after the last key, one save at a time. The
   answer is JSON: {number, edit} go back into the form, `address` and `preview` are where it lives from now on, `parts`
   are drawn again. Beside the title ([data-save]) stands only what is true. What could not be saved is kept in this tab,
   over a sign-in too, and offered when the form is opened again ([data-kept]). */
const draft = { form: $('form[data-draft]'), timer: 0, saving: null, isDirty: false, isConflict: false };

const tellDraft = (words, look = '', link = null) => {
  const place = $('[data-save]');
  if (!place) return;
  place.className = look;
  place.replaceChildren(words);
  if (link) place.append(' ', Object.assign(document.createElement('a'), link));
};

const typedIn = (form) => [...new FormData(form)].filter(([name]) => !['csrf', 'number', 'edit', 'do'].includes(name));
const shelf = (form) => `draft ${form.dataset.draft} ${form.elements.locale?.value ?? ''}`;
const keepHere = (form) => { try { sessionStorage.setItem(shelf(form), JSON.stringify(typedIn(form))); } catch { /* full or forbidden: the page still has it */ } };
const forgetHere = (form) => sessionStorage.removeItem(shelf(form));

/* After signing in again in another tab the form's token is of the old sign-in; the page has the new one. */
const renewToken = async () => {
  const page = await fetch(location.href, { headers: { Accept: 'text/html' }, ...patience() });
  if (!page.ok || new URL(page.url).pathname !== location.pathname) return false;
  const token = $('input[name=csrf]', new DOMParser().parseFromString(await page.text(), 'text/html'))?.value;
  if (token) $$('input[name=csrf]').forEach((field) => { field.value = token; });
  return Boolean(token);
};

const postDraft = (form, more = {}) =>
  fetch(form.dataset.draft, { method: 'POST', body: new FormData(form), headers: { Accept: 'application/json' }, ...more });
/* An answer that takes longer than this is as good as none. */
const patience = () => ({ signal: AbortSignal.timeout(15_000) });

const redraw = (frame, address) => {
  const top = frame.contentWindow?.scrollY ?? 0;
  frame.addEventListener('load', () => frame.contentWindow.scrollTo(0, top), { once: true });
  frame.contentWindow?.location.replace(address);
};

const takeAnswer = (form, said) => {
  for (const name of ['number', 'edit']) if (said[name] != null && form.elements[name]) form.elements[name].value = said[name];
  if (said.address && said.address !== form.dataset.draft) {
    forgetHere(form);
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
  let answer = null;
  let said = null;
  try {
    answer = await postDraft(form, patience());
    said = await answer.json().catch(() => ({}));
    if (answer.status === 400 && said.type === 'foreign_write' && await renewToken()) {
      answer = await postDraft(form, patience());
      said = await answer.json().catch(() => ({}));
    }
  } catch { answer = null; }
  if (answer?.ok) {
    forgetHere(form);
    takeAnswer(form, said);
    tellDraft(`Saved ${new Date().toTimeString().slice(0, 5)}`, 'saved');
    return true;
  }
  draft.isDirty = true;
  draft.isConflict = answer?.status === 409;
  keepHere(form);
  if (!answer) {
    tellDraft('Not saved: no line. Kept in this tab, and tried again every few seconds.', 'late');
    draft.timer = setTimeout(() => saveDraft(form), 5_000);
  } else if (answer.status === 401 || answer.status === 400) {
    tellDraft('Not saved: you are signed out. What you typed stays here.', 'late', { textContent: 'Sign in in a new tab', href: '/sign-in', target: '_blank', rel: 'noopener' });
  } else if (answer.status === 409) tellDraft(`Not saved. ${said.detail ?? ''} Press Save to see both.`, 'late');
  else tellDraft(`Not saved. ${said.detail ?? ''}`, 'late');
  return false;
};

const saveDraft = (form) => {
  clearTimeout(draft.timer);
  draft.saving ??= (async () => {
    let isSaved = true;
    do isSaved = await sendDraft(form); while (isSaved && draft.isDirty);
    return isSaved;
  })().finally(() => { draft.saving = null; });
  return draft.saving;
};

if (draft.form) {
  const { form } = draft;
  const box = $('[data-kept]');
  const kept = sessionStorage.getItem(shelf(form));
  if (kept && box) {
    if (kept === JSON.stringify(typedIn(form))) forgetHere(form);
    else box.hidden = false;
  }
  $('[data-put-back]')?.addEventListener('click', () => {
    const seen = {};
    for (const [name, value] of JSON.parse(kept)) {
      const field = $$(`[name="${CSS.escape(name)}"]`, form)[seen[name] ?? 0];
      seen[name] = (seen[name] ?? 0) + 1;
      if (field && field.type !== 'hidden') field.value = value;
    }
    box.hidden = true;
    saveDraft(form);
  });
  $('[data-forget]')?.addEventListener('click', () => { forgetHere(form); box.hidden = true; });

  /* A button or a link waits for the save that is on its way: it would come with an older count. */
  form.addEventListener('submit', (event) => {
    const isPlainSave = (event.submitter?.value ?? 'save') === 'save' && !draft.isConflict;
    clearTimeout(draft.timer);
    if (isPlainSave) { event.preventDefault(); saveDraft(form); return; }
    keepHere(form);
    if (!draft.saving) return;
    event.preventDefault();
    draft.saving.then(() => form.requestSubmit(event.submitter));
  });
  addEventListener('click', (event) => {
    const link = event.target.closest?.('a[href]');
    const isPlain = !event.metaKey && !event.ctrlKey && !event.shiftKey && !link?.target;
    if (!link || !isPlain || link.getAttribute('href').startsWith('#') || !(draft.isDirty || draft.saving)) return;
    event.preventDefault();
    saveDraft(form).then((isSaved) => { if (isSaved) location.href = link.href; });
  });
  addEventListener('pagehide', () => { if (draft.isDirty) { keepHere(form); postDraft(form, { keepalive: true }).catch(() => {}); } });
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
    clearTimeout(draft.timer);
    draft.timer = setTimeout(() => saveDraft(form), 400);
  }
});

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
  $$('iframe[data-sample]').forEach((frame) => { frame.src = `${frame.dataset.sample}?${said}`; });
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
