// The texts the JavaScript programs ask, and their tool.
export const ASK_PARIS = "What is the capital of France?";
export const ASK_WEATHER = "What is the weather in Lisbon?";
export const ASK_HAIKU = "Write a haiku about tracing.";
export const ASK_RETENTION = "How long are traces kept?";
export const ASK_AMARA = "Hi, my name is Amara.";
export const ASK_NAME = "What is my name?";
export const ASK_REFUSED = "Please refuse this.";
export const DOCUMENTS = ["Traces are kept for 400 days in cold storage.", "The cafeteria opens at eight."];
export const BASE_URL = `${process.env.MOCK_URL}/v1`;

export const getWeather = (city) => `${city}: 21 degrees, sunny`;

// Runs what must fail, and says nothing of it.
export async function failing(run) {
  let failed = false;
  try {
    await run();
  } catch {
    failed = true;
  }
  if (!failed) throw new Error("this was to fail");
}
