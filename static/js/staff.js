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
  const draft = $('form[data-draft]');
  if ((event.ctrlKey || event.metaKey) && event.key === 's' && draft) { event.preventDefault(); saveDraft(draft); return; }
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

/* A draft saves itself: <form data-draft="ADDRESS"> is posted there 400 ms after the last key. The answer decides the words beside
   the title ([data-save]): 2xx saved, 409 changed elsewhere, 422 the server's sentence, no answer = not saved. */
let draftTimer;

const tellDraft = (words) => { const place = $('[data-save]'); if (place) place.textContent = words; };

const saveDraft = async (form) => {
  clearTimeout(draftTimer);
  tellDraft('Saving');
  try {
    const answer = await fetch(form.dataset.draft, { method: 'POST', body: new FormData(form), headers: { Accept: 'application/json' } });
    if (answer.ok) {
      tellDraft(`Saved ${new Date().toTimeString().slice(0, 5)}`);
      $$('iframe[data-live]').forEach((frame) => { frame.src = frame.src; });
    } else if (answer.status === 409) tellDraft('Changed elsewhere. Open the page again before you go on');
    else tellDraft((await answer.json().catch(() => null))?.detail ?? 'Not saved');
  } catch { tellDraft('Not saved: no line. It is tried again with the next key'); }
};

addEventListener('input', (event) => {
  const control = event.target;
  const count = control.id && $(`[data-count="${CSS.escape(control.id)}"]`);
  if (count && control.maxLength > 0) count.textContent = `${control.value.length} of ${control.maxLength}`;
  if (control.dataset.focal) drawFocal();
  const form = control.closest('form[data-draft]');
  if (form) { clearTimeout(draftTimer); draftTimer = setTimeout(() => saveDraft(form), 400); }
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

/* A page that shows a running job asks again every 5 s, as its <noscript> refresh would; not while somebody fills in a form. */
const running = $('[data-again]');
let isTouched = false;
addEventListener('input', () => { isTouched = true; });
if (running) setInterval(() => { if (!isTouched) location.reload(); }, Number(running.dataset.again) * 1000);

$('.errs[tabindex]')?.focus();
