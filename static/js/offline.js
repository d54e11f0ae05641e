// Has this page, the list and what they show kept on the phone. Loaded with the first heart, code or wish, and on pages
// of a phone that has had one since.
const reach = async () => {
  await navigator.serviceWorker.register('/sw.js');
  return (await navigator.serviceWorker.ready).active;
};
const tell = async (what) => {
  const worker = await reach();
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => done(data);
    worker.postMessage(what, [port2]);
  });
};

// Whether it is kept now. `page` and the list's `mine` are addresses, `code` is what stood behind /q/, `kept` the hearts.
export const hold = (what) => {
  const names = performance.getEntriesByType('resource').map(({ name }) => name);
  const files = names.filter((name) => name.startsWith(origin) && /^\/(static|media)\//.test(new URL(name).pathname));
  return tell({ ...what, files });
};

addEventListener('online', () => tell({ flush: true }));
