// Where the UI lives: the folder above this script. It works behind any path prefix without a setting.
export const BASE = new URL("../", import.meta.url).pathname;
