// Which key stands for which class. Those that had one keep it (had: name -> key), whatever is added later. Of the run's, a class that is
// called by one letter or digit has that one, the others 1 to 9, 0, a to z in turn; so have those that were added, one after the
// other. Those that come after have none.
export function keysOf(classes, had = new Map()) {
  const keys = classes.map((c) => had.get(c.name) || "");
  const taken = new Set(keys.filter(Boolean));
  const give = (i, key) => {
    keys[i] = key || "";
    if (key) taken.add(key);
  };
  const all = [...classes.keys()];
  for (const group of [all.filter((i) => !classes[i].added), ...all.filter((i) => classes[i].added).map((i) => [i])]) {
    for (const i of group) {
      const name = classes[i].shown.toLowerCase();
      if (!keys[i] && /^[0-9a-z]$/.test(name) && !taken.has(name)) give(i, name);
    }
    for (const i of group) if (!keys[i]) give(i, [..."1234567890abcdefghijklmnopqrstuvwxyz"].find((k) => !taken.has(k)));
  }
  return keys;
}
