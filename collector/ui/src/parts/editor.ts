// CodeMirror under `default-src 'self'`: its styles go into adopted sheets, which the policy allows, not into <style>.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { sql, type SQLConfig, SQLDialect, StandardSQL } from "@codemirror/lang-sql";
import { bracketMatching, HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec, type Extension } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { StyleModule } from "style-mod";

type Root = Parameters<typeof StyleModule.mount>[0];

const mount = StyleModule.mount.bind(StyleModule);
StyleModule.mount = (root: Root, modules: StyleModule | readonly StyleModule[], options?: { nonce?: string }): void => {
  if (root !== document) {
    mount(root, modules, options);
    return;
  }
  // A document without a head makes style-mod take the way of shadow roots: adoptedStyleSheets.
  mount(sheets as unknown as Root, modules, options);
};

const sheets = {
  get adoptedStyleSheets() {
    return document.adoptedStyleSheets;
  },
  set adoptedStyleSheets(value: CSSStyleSheet[]) {
    document.adoptedStyleSheets = value;
  },
  ownerDocument: document,
};

const theme = EditorView.theme({
  "&": { fontSize: "12px", backgroundColor: "var(--surface)", color: "var(--text)" },
  ".cm-content": { fontFamily: "var(--mono)", caretColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--surface-2)", color: "var(--muted)", borderRight: "1px solid var(--line)" },
  "&.cm-focused": { outline: "none" },
  ".cm-activeLine": { backgroundColor: "transparent" },
  ".cm-cursor": { borderLeftColor: "var(--text)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": { backgroundColor: "var(--accent-soft)" },
  ".cm-tooltip": { backgroundColor: "var(--surface)", border: "1px solid var(--line)", color: "var(--text)" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--text)" },
});

const colours = HighlightStyle.define([
  { tag: tags.keyword, color: "var(--link)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--ok)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--warn-text)" },
  { tag: tags.comment, color: "var(--muted)" },
]);

/** The browser's own way to type over a selection keeps its look in style attributes, which the policy refuses. */
const typedOverSelection = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== "insertText" || !event.data || view.composing || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

export interface EditorOptions {
  text: string;
  schema: SQLConfig["schema"];
  functions: string[];
  run: (text: string) => void;
  cancel: () => void;
  changed: (text: string) => void;
}

function language({ schema, functions }: EditorOptions): Extension {
  const spec = StandardSQL.spec;
  const dialect = SQLDialect.define({ ...spec, builtin: functions.join(" "), caseInsensitiveIdentifiers: false });
  return sql({ dialect, schema, upperCaseKeywords: true });
}

export function makeEditor(parent: HTMLElement, options: EditorOptions): EditorView {
  const selected = (view: EditorView): string => {
    const { from, to } = view.state.selection.main;
    return from === to ? view.state.doc.toString() : view.state.sliceDoc(from, to);
  };
  const keys = keymap.of([
    { key: "Mod-Enter", run: (view) => { options.run(selected(view)); return true; } },
    { key: "Mod-.", run: () => { options.cancel(); return true; } },
  ]);
  const state = EditorState.create({
    doc: options.text,
    extensions: [
      Prec.highest(keys), lineNumbers(), history(), drawSelection(), bracketMatching(), closeBrackets(), highlightActiveLine(), EditorView.lineWrapping,
      autocompletion({ icons: false }), keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap]),
      typedOverSelection, language(options), theme, syntaxHighlighting(colours), EditorView.contentAttributes.of({ "aria-label": "SQL" }),
      EditorView.updateListener.of((update) => { if (update.docChanged) options.changed(update.state.doc.toString()); }),
    ],
  });
  return new EditorView({ state, parent });
}
