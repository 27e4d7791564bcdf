/**
 * @generated SignedSource<<f200d7cf14579d739109e86be36b6f18>>
 * @relayHash a2dc21e905e82a75a81364e53f0cb5bd
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID 125f687b13f7de225d094128eaac03d84a98d0c62fd22034a566d4bda6fb92e3

import type { ConcreteRequest } from 'relay-runtime';
export type DeleteCustomerPersonaInput = {
  id: string;
};
export type operationsDeleteMutation$variables = {
  input: DeleteCustomerPersonaInput;
};
export type operationsDeleteMutation$data = {
  readonly deleteCustomerPersona: {
    readonly deletedId: string | null | undefined;
  } | null | undefined;
};
export type operationsDeleteMutation = {
  response: operationsDeleteMutation$data;
  variables: operationsDeleteMutation$variables;
};

const node: ConcreteRequest = (function(){
var v0 = [
  {
    "defaultValue": null,
    "kind": "LocalArgument",
    "name": "input"
  }
],
v1 = [
  {
    "alias": null,
    "args": [
      {
        "kind": "Variable",
        "name": "input",
        "variableName": "input"
      }
    ],
    "concreteType": "DeleteCustomerPersonaPayload",
    "kind": "LinkedField",
    "name": "deleteCustomerPersona",
    "plural": false,
    "selections": [
      {
        "alias": null,
        "args": null,
        "kind": "ScalarField",
        "name": "deletedId",
        "storageKey": null
      }
    ],
    "storageKey": null
  }
];
return {
  "fragment": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Fragment",
    "metadata": null,
    "name": "operationsDeleteMutation",
    "selections": (v1/*:: as any*/),
    "type": "Mutation",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "operationsDeleteMutation",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "id": "125f687b13f7de225d094128eaac03d84a98d0c62fd22034a566d4bda6fb92e3",
    "metadata": {},
    "name": "operationsDeleteMutation",
    "operationKind": "mutation",
    "text": null
  }
};
})();

(node as any).hash = "8d6b06250ecbb8ae843438a593a5e63c";

export default node;
