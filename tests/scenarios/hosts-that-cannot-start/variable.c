extern int asked_for;
int never_called(void) { return asked_for; }
