// Greets whom the event names: {"name": "Ada"}.
export const handler = async ({ name }) => ({ message: `Hello, ${name}!` });
