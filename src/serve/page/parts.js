// Small parts that pages share.
export function element(name, attributes = {}, ...children) {
  const e = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) e.setAttribute(key, value);
  e.append(...children);
  return e;
}

export function remember(name, value) {
  try {
    localStorage.setItem(`paydirt ${name}`, value);
  } catch {
    // for this window alone
  }
}

export function remembered(name) {
  try {
    return localStorage.getItem(`paydirt ${name}`);
  } catch {
    return null;
  }
}

export function startTheme(button) {
  const dark = () => (document.documentElement.dataset.theme || (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";
  const set = (theme) => {
    document.documentElement.dataset.theme = theme;
    button.setAttribute("aria-label", theme === "dark" ? "Light" : "Dark");
  };
  if (remembered("theme")) set(remembered("theme"));
  button.addEventListener("click", () => {
    set(dark() ? "light" : "dark");
    remember("theme", document.documentElement.dataset.theme);
  });
}

// Asks for a line of text; act(text) may refuse it by throwing, and the words show beside it.
export async function ask({ title, label, words, value = "", empty = false }, act) {
  const dialog = document.getElementById("ask"), text = document.getElementById("ask-text"), error = document.getElementById("ask-error");
  document.getElementById("ask-title").textContent = title;
  document.getElementById("ask-words").textContent = words || "";
  document.getElementById("ask-label").textContent = label;
  text.value = value;
  error.textContent = "";
  dialog.returnValue = "";
  dialog.showModal();
  text.focus();
  text.select();
  await new Promise((closed) => {
    const form = dialog.querySelector("form");
    const submit = async (event) => {
      if (event.submitter && event.submitter.value === "cancel") return;
      event.preventDefault();
      const given = text.value.trim();
      if (!given && !empty) return (error.textContent = "Please write something");
      try {
        await act(given);
        dialog.close("ok");
      } catch (failure) {
        error.textContent = failure.message;
      }
    };
    form.addEventListener("submit", submit);
    dialog.addEventListener("close", () => {
      form.removeEventListener("submit", submit);
      closed();
    }, { once: true });
  });
}
