/* The till: a code behind # in the address is filled in, and where the browser reads codes itself, its camera does.
   Typing needs none of it; the phone's own camera needs only the first part. */
const till = document.querySelector('#check');
const typed = till.querySelector('[name=code]');
const viewer = document.querySelector('[data-viewer]');
const opener = document.querySelector('[data-camera]');
const tell = (words) => { document.querySelector('#toast').textContent = words; };

/* Only filled in, never sent: a link must not make the till do anything. */
const takeFragment = () => {
  const code = location.hash.slice(1);
  if (!code) return;
  try { typed.value = decodeURIComponent(code).slice(0, 40); } catch { typed.value = ''; }
  history.replaceState(null, '', location.pathname + location.search);
  till.querySelector('button').focus();
};
takeFragment();
addEventListener('hashchange', takeFragment);

if ('BarcodeDetector' in window && navigator.mediaDevices?.getUserMedia) {
  const video = viewer.querySelector('video');
  const reader = new BarcodeDetector({ formats: ['qr_code', 'code_128'] });
  let stream;

  const shut = () => {
    stream?.getTracks().forEach((track) => track.stop());
    stream = null;
    viewer.hidden = true;
    opener.hidden = false;
  };

  const look = async () => {
    if (!stream) return;
    const [found] = await reader.detect(video).catch(() => []);
    if (!found) { setTimeout(look, 150); return; }
    shut();
    typed.value = found.rawValue;
    till.requestSubmit();
  };

  opener.hidden = false;
  opener.addEventListener('click', async () => {
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: 'environment' } });
    } catch {
      tell('This page may not use the camera. Type the code.');
      return;
    }
    video.srcObject = stream;
    viewer.hidden = false;
    opener.hidden = true;
    await video.play();
    look();
  });
  viewer.querySelector('[data-shut]').addEventListener('click', shut);
  addEventListener('pagehide', shut);
}
