/** The type of the rule beside it. */
import type { Rule } from "eslint";

export declare const actionsInTheLock: Rule.RuleModule;
