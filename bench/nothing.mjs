// What is imported to see what any import costs.
export {};
