// Reads the next item's code with the camera, inside the page. Loaded with the first touch of "Scan another item".
const sheet = document.getElementById('scan');
const video = Object.assign(document.createElement('video'), { className: 'tall', muted: true, playsInline: true });
sheet.querySelector('.film').append(video);
const words = sheet.querySelector('[role=status]');
const detector = new BarcodeDetector({ formats: ['qr_code'] });
const LOOK_EVERY_MS = 200;
let stream;

// Whatever host a code names, it is asked for here: a picture of a code must not lead to somebody else's page.
const addressOf = (text) => {
  const path = text.replace(/^https?:\/\/[^/]+/i, '').replace(/[?#].*/, '');
  return /^\/q\/[\w-]+$|^\/(01|414)\/\d+(\/[\w.%/-]*)?$/i.test(path) ? path : '';
};

const look = async () => {
  if (!stream) return;
  const found = await detector.detect(video).catch(() => []);
  if (!stream) return;
  const address = found.map(({ rawValue }) => addressOf(rawValue)).find(Boolean);
  if (address) {
    const visit = document.querySelector('input[name=v]')?.value;
    // A GS1 address hands its query on, and begins a visit of its own.
    location = address + (visit && /^\/q\//i.test(address) ? `?v=${visit}` : '');
    sheet.hidePopover();
    return;
  }
  if (found.length) words.textContent = words.dataset.other;
  setTimeout(look, LOOK_EVERY_MS);
};

const begin = async () => {
  words.textContent = words.dataset.look;
  try {
    stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
  } catch {
    words.textContent = words.dataset.closed;
    return;
  }
  video.srcObject = stream;
  // Closed while the phone was asking whether it may.
  if (!sheet.matches(':popover-open')) return end();
  await video.play().catch(() => {});
  look();
};

const end = () => {
  stream?.getTracks().forEach((track) => track.stop());
  stream = video.srcObject = null;
};

sheet.addEventListener('toggle', ({ newState }) => { newState === 'open' ? begin() : end(); });
addEventListener('pagehide', end);
if (sheet.matches(':popover-open')) begin();
