/** What makes answers of the outputs of an exported graph: probabilities of one class, of each class by itself, or values. */
export type Activation = 'softmax' | 'sigmoid' | 'linear';
