int asked(void);
int never_called(void) { return asked(); }
