/** What the cluster's workers run to be measured. */

export const increment = (n) => n + 1;
