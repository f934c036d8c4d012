// Colours of series: the palette of span families, told apart by dashes too.

export const SERIES = ["--model", "--tool", "--retrieval", "--agent", "--check", "--step", "--link", "--error"] as const;
export const DASHES: number[][] = [[], [6, 3], [2, 2], [8, 3, 2, 3], [1, 3], [12, 3], [4, 4], []];
export const colourOf = (index: number): string => getComputedStyle(document.documentElement).getPropertyValue(SERIES[index % SERIES.length] ?? "--step").trim();
