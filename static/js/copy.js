// A link to copy with one touch, where the browser can.
if (navigator.clipboard) document.querySelectorAll('[data-copy]').forEach((button) => {
  button.hidden = false;
  button.onclick = () => navigator.clipboard.writeText(button.dataset.copy).then(() => { button.textContent = button.dataset.done; }, () => {});
});
