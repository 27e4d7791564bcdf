/**
 * @generated SignedSource<<86c463d9e58f3c088fa49a0b2d160763>>
 * @relayHash 4f5f5c8aac11396111919e03254f904f
 * @lightSyntaxTransform
 */

/* tslint:disable */
/* eslint-disable */
// @ts-nocheck

// @relayRequestID a16bd6529957563e3cf2524d91740f856ca2aae1b74730c9ad9bca7c62310832

import type { ConcreteRequest } from 'relay-runtime';
export type UpdateCustomerPersonaInput = {
  description?: string | null | undefined;
  goal?: string | null | undefined;
  id: string;
  name?: string | null | undefined;
};
export type operationsUpdateMutation$variables = {
  input: UpdateCustomerPersonaInput;
};
export type operationsUpdateMutation$data = {
  readonly updateCustomerPersona: {
    readonly customerPersona: {
      readonly goal: string | null | undefined;
      readonly id: string;
      readonly name: string | null | undefined;
    } | null | undefined;
  } | null | undefined;
};
export type operationsUpdateMutation = {
  response: operationsUpdateMutation$data;
  variables: operationsUpdateMutation$variables;
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
    "concreteType": "UpdateCustomerPersonaPayload",
    "kind": "LinkedField",
    "name": "updateCustomerPersona",
    "plural": false,
    "selections": [
      {
        "alias": null,
        "args": null,
        "concreteType": "CustomerPersona",
        "kind": "LinkedField",
        "name": "customerPersona",
        "plural": false,
        "selections": [
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "id",
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "name",
            "storageKey": null
          },
          {
            "alias": null,
            "args": null,
            "kind": "ScalarField",
            "name": "goal",
            "storageKey": null
          }
        ],
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
    "name": "operationsUpdateMutation",
    "selections": (v1/*:: as any*/),
    "type": "Mutation",
    "abstractKey": null
  },
  "kind": "Request",
  "operation": {
    "argumentDefinitions": (v0/*:: as any*/),
    "kind": "Operation",
    "name": "operationsUpdateMutation",
    "selections": (v1/*:: as any*/)
  },
  "params": {
    "id": "a16bd6529957563e3cf2524d91740f856ca2aae1b74730c9ad9bca7c62310832",
    "metadata": {},
    "name": "operationsUpdateMutation",
    "operationKind": "mutation",
    "text": null
  }
};
})();

(node as any).hash = "11e821f26fa714cbbf3a4d8c8f7f58d2";

export default node;
