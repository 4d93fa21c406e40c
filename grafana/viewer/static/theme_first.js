// Before anything is drawn, so that the other theme never flashes up.
{
  const kept = localStorage.getItem('promo-theme');
  if (kept === 'light' || kept === 'dark') document.documentElement.dataset.theme = kept;
}
