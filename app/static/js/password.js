// The rules of passwords, ticked while one types. The server alone decides (services/passwords.py):
// this only says early what it would say.

const plain = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const sizeOf = (text) => [...text.normalize("NFKC")].length;
const sortsIn = (text) => [/\p{Ll}/u, /\p{Lu}/u, /\p{Nd}/u, /[^\p{L}\p{N}]/u].filter((sort) => sort.test(text)).length;

for (const list of document.querySelectorAll("[data-password-rules]")) {
  const field = document.getElementById(list.dataset.passwordRules);
  if (!field) continue;
  const shortest = Number(list.dataset.shortest);
  const longEnough = Number(list.dataset.longEnough);
  const parts = plain(list.dataset.identity).replace(/@\S*/g, "").split(/[^a-z0-9]+/).filter((part) => part.length >= 4);
  const rules = {
    length: (text) => sizeOf(text) >= longEnough || (sizeOf(text) >= shortest && sortsIn(text) >= 3),
    identity: (text) => text !== "" && !parts.some((part) => plain(text).includes(part)),
  };
  const show = () => {
    for (const line of list.querySelectorAll("[data-rule]")) {
      const kept = rules[line.dataset.rule](field.value);
      line.classList.toggle("c-green", kept);
      line.querySelector(".rule-on").hidden = !kept;
      line.querySelector(".rule-off").hidden = kept;
    }
    const length = sizeOf(field.value);
    list.querySelector("[data-rule-count]").textContent = length ? `\u00a0: il y en a ${length}` : "";
  };
  field.addEventListener("input", show);
  show();
}
