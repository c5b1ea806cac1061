// Which key stands for which class: a class that is called by one letter or digit has that one, the others 1 to 9, 0, a to z in
// turn. Those that come after have none.
export function keysOf(classes) {
  const keys = new Array(classes.length).fill("");
  const taken = new Set();
  classes.forEach((c, i) => {
    const name = c.shown.toLowerCase();
    if (/^[0-9a-z]$/.test(name) && !taken.has(name)) {
      keys[i] = name;
      taken.add(name);
    }
  });
  const rest = [..."1234567890abcdefghijklmnopqrstuvwxyz"].filter((k) => !taken.has(k));
  classes.forEach((c, i) => {
    if (!keys[i]) keys[i] = rest.shift() || "";
  });
  return keys;
}
