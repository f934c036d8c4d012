// Text of spans made visible: what would hide, or turn the page around, is shown as a sign.

const CONTROLS = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** Control characters as pictures, directions that would turn the page around as their code points. */
export function visible(text: string): string {
  return text.replace(CONTROLS, (sign) => {
    const code = sign.charCodeAt(0);
    if (code < 0x20) return String.fromCharCode(0x2400 + code);
    if (code === 0x7f) return "␡";
    return `⟪U+${code.toString(16).toUpperCase().padStart(4, "0")}⟫`;
  });
}
