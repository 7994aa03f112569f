/**
 * Every parameter of a public function that is an object of options, and every such object within one, found by the types: a
 * row that is missing, or one too many, does not compile. So a new function with options has its row, and the test tries it.
 */
import type * as library from '#src/index';
import type { TensorLike } from '#src/index';

type Library = typeof library;
type AnyFunction = (...args: never[]) => unknown;

type Parameters_<F> = F extends abstract new (
  ...args: infer A
) => unknown
  ? A
  : F extends (...args: infer A) => unknown
    ? A
    : [];

type RequiredKeys<T> = { [K in keyof T]-?: object extends Pick<T, K> ? never : K }[keyof T];

/** Objects of a class, and others that do something: they are made by the library. */
type HasMethod<T> = true extends {
  [K in RequiredKeys<T>]: T[K] extends AnyFunction ? true : false;
}[RequiredKeys<T>]
  ? true
  : false;

/** An object that a caller writes down. */
type IsPlain<T> = T extends object
  ? T extends AnyFunction | ArrayLike<unknown> | ArrayBufferView | ArrayBufferLike | TensorLike
    ? false
    : HasMethod<T> extends true
      ? false
      : true
  : false;

type Names<T> = T extends unknown ? keyof T & string : never;

/** One of its names, and a call with the object at this place; and the same of the objects that it holds. */
export type Refusing<T = never> = [keyof FieldRows<T>] extends [never]
  ? readonly [name: Names<T>, call: (given: T) => unknown]
  : readonly [name: Names<T>, call: (given: T) => unknown, fields: FieldRows<T>];

type FieldRows<T> = {
  [F in Names<T> as [Held<T, F>] extends [never] ? never : F]: Refusing<Held<T, F>> | Data;
};

/** What a caller writes down of a field: an object, or those of a list. */
type Held<T, F> = T extends unknown ? (F extends keyof T ? PlainOf<NonNullable<T[F]>> : never) : never;

type PlainOf<V> = V extends readonly (infer E)[]
  ? PlainOf<E>
  : V extends unknown
    ? IsPlain<V> extends true
      ? V
      : never
    : never;

/** An object of data, not of options, and why other names in it do no harm. */
export interface Data {
  readonly data: string;
}

type RowsOf<A extends readonly unknown[]> = {
  [I in keyof A as I extends `${number}` ? (true extends IsPlain<NonNullable<A[I]>> ? I : never) : never]:
    | Refusing<NonNullable<A[I]>>
    | Data;
};

type Rows = { [K in keyof Library]: RowsOf<Required<Parameters_<Library[K]>>> };

type InstanceOf<C> = C extends abstract new (...args: never[]) => infer Instance ? Instance : never;

type MethodRows<Instance> = {
  [K in keyof Instance & string as Instance[K] extends AnyFunction
    ? [keyof RowsOf<Required<Parameters_<Instance[K]>>>] extends [never]
      ? never
      : K
    : never]: RowsOf<Required<Parameters_<Instance[K]>>>;
};

type ClassRows = {
  [C in keyof Library as [InstanceOf<Library[C]>] extends [never] ? never : C]: MethodRows<
    InstanceOf<Library[C]>
  >;
};

/** By function, then by the place of the parameter. */
export type OptionRows = {
  [K in keyof Rows as [keyof Rows[K]] extends [never] ? never : K]: Rows[K];
};

/** By class, method, and the place of the parameter. */
export type MethodOptionRows = {
  [C in keyof ClassRows as [keyof ClassRows[C]] extends [never] ? never : C]: ClassRows[C];
};
