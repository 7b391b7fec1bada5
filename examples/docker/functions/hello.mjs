// Greets the person in the event: {"name": "Ada"}.
export const handler = async ({ name }) => ({ message: `Hello, ${name}!` });
