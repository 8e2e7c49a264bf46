/**
 * A rule for ESLint: Premiere's actions are made by makers, which the transaction calls in the lock.
 *
 * Since Premiere 26.3 an action that is made outside of `lockedAccess` throws. Here a maker is an
 * arrow function without parameters that does not wait; only src/transaction.ts takes the lock.
 */

const MAKES = /^create\w*Action$/;
const LOCKS = new Set(["lockedAccess", "executeTransaction"]);
const FUNCTIONS = new Set(["ArrowFunctionExpression", "FunctionExpression", "FunctionDeclaration"]);

/** @type {import("eslint").Rule.RuleModule} */
export const actionsInTheLock = {
  meta: {
    type: "problem",
    schema: [],
    messages: {
      outside: "{{name}} is called in a maker, `() => ...`, which `change` calls inside the lock",
      lock: "{{name}} is called in src/transaction.ts alone",
    },
  },
  create(context) {
    return {
      CallExpression(node) {
        if (node.callee.type !== "MemberExpression" || node.callee.property.type !== "Identifier") return;
        const { name } = node.callee.property;
        if (LOCKS.has(name) && !/(^|[\\/])src[\\/]transaction\.ts$/.test(context.filename)) {
          context.report({ node, messageId: "lock", data: { name } });
        }
        if (MAKES.test(name) && !isInMaker(node)) context.report({ node, messageId: "outside", data: { name } });
      },
    };
  },
};

/** True: between the call and the function that waits there is a maker. */
function isInMaker(node) {
  for (let at = node.parent; at; at = at.parent) {
    if (!FUNCTIONS.has(at.type)) continue;
    if (at.async || at.type !== "ArrowFunctionExpression") return false;
    if (at.params.length === 0) return true;
  }
  return false;
}
