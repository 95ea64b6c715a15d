package engine_test

const childEnv = "CORDON_TEST_CHILD"

func child() int { return 0 }
